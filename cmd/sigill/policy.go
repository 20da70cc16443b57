package main

type policyCmd struct {
	Init     policyInitCmd     `cmd:"" help:"Write a policy to start from."`
	Check    policyCheckCmd    `cmd:"" help:"Compile policies and say what is wrong with them."`
	Test     policyTestCmd     `cmd:"" help:"Run the tests inside policies, and those of the packs that they use."`
	Coverage policyCoverageCmd `cmd:"" help:"Say which rules the tests of a policy do not try."`
	Explain  policyExplainCmd  `cmd:"" help:"Show the text of mails as the detectors read it, and what became of everything that looked like something."`
	Diff     policyDiffCmd     `cmd:"" help:"Say what a new policy would decide differently, mail by mail."`
	Schema   policySchemaCmd   `cmd:"" help:"Print the JSON schema of policies, for editors."`
	Docs     policyDocsCmd     `cmd:"" help:"Print the reference page: every key, and every detector of every pack."`
}

func orDefault(files []string) []string {
	if len(files) == 0 {
		return []string{""}
	}
	return files
}

func nameOf(file string) string {
	if file == "" {
		return "the policy of the program"
	}
	return file
}
