package main

import "sigill/internal/policy"

type policySchemaCmd struct{}

// Help says how an editor uses it.
func (policySchemaCmd) Help() string {
	return `Write it beside your policy (sigill policy schema > sigill-policy.json) and put this line at the top of the policy:

  # yaml-language-server: $schema=sigill-policy.json

Editors with the YAML language server, such as Visual Studio Code with the extension YAML of Red Hat, then complete keys,
say what they mean, and mark what is wrong, in files that the policy includes too. It knows the form alone: sigill
policy check knows everything.`
}

// Run prints the schema.
func (policySchemaCmd) Run(e *env) error {
	s, err := policy.Schema()
	if err != nil {
		return err
	}
	_, err = e.out.Write(s)
	return err
}

type policyDocsCmd struct{}

// Run prints the page docs/policy-reference.md.
func (policyDocsCmd) Run(e *env) error {
	page, err := policy.Reference()
	if err != nil {
		return err
	}
	_, err = e.out.Write([]byte(page))
	return err
}
