package policy

import (
	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// The structs below are the language. Their `doc` tags say what each key means and their `enum` tags which words it
// takes; `least` is the smallest number, `some` says that a list may not be empty, and `form` names the form of a text. The
// schema for editors and the reference page are made of them.

// file is a policy as it stands in YAML.
type file struct {
	Version     number             `yaml:"version,required" doc:"The version of the language: 1." enum:"1"`
	Name        string             `yaml:"name" doc:"A name for people."`
	Locale      text               `yaml:"locale" doc:"The language of titles where none is asked for, in lists and logs." enum:"sv,nl,en"`
	Use         []useEntry         `yaml:"use" doc:"Packs of detectors, whole or narrowed. A pack alone does nothing: rules name its detectors."`
	Include     []text             `yaml:"include" doc:"Further files of yours, beside this one or below. They hold the same parts, but for what only one file can say."`
	Defaults    defaultsNode       `yaml:"defaults" doc:"What holds where a rule or detector says nothing."`
	Lists       map[string]texts   `yaml:"lists" doc:"Lists by name; '@name' stands for one wherever a list of strings is taken."`
	Triggers    []triggerNode      `yaml:"triggers" doc:"Words in the subject by which a sender asks for protection."`
	Labels      []labelNode        `yaml:"labels" doc:"Header fields that mail programs set, and the level that each asks for."`
	Detectors   []detectorNode     `yaml:"detectors" doc:"Detectors of your own, and changes to those of packs."`
	Rules       []ruleNode         `yaml:"rules" doc:"What follows from what is found. The highest level wins; all rules that hold are recorded."`
	Exceptions  []exceptionNode    `yaml:"exceptions" doc:"What lifts named rules, in narrow cases. A trigger cannot be lifted."`
	Unscannable map[string]outcome `yaml:"unscannable" doc:"What follows when something cannot be read, by reason."`
	Limits      limitsNode         `yaml:"limits" doc:"How much of a mail is read before it counts as not readable."`
	Recipients  []clampNode        `yaml:"recipients" doc:"Floors and ceilings of the level, for each recipient. The order does not matter."`
	Journal     texts              `yaml:"journal" doc:"Addresses of archives, for which the level never rises."`
	Subject     text               `yaml:"subject" doc:"show: the subject stands in notices unless something was found in it; redact: the same, and what was found is masked in it also behind the code; neutral: it never stands in notices." enum:"show,redact,neutral"`
	Split       *bool              `yaml:"split" doc:"false: all recipients get the highest level of any. Left out: each gets its own."`
	Tests       []testNode         `yaml:"tests" doc:"Mails, and what must become of them. A policy that fails its own tests is refused."`
}

// included is a further file: the same, but for what only one file can say.
type included struct {
	Version     number             `yaml:"version" doc:"The version of the language: 1."`
	Use         []useEntry         `yaml:"use"`
	Lists       map[string]texts   `yaml:"lists"`
	Triggers    []triggerNode      `yaml:"triggers"`
	Labels      []labelNode        `yaml:"labels"`
	Detectors   []detectorNode     `yaml:"detectors"`
	Rules       []ruleNode         `yaml:"rules"`
	Exceptions  []exceptionNode    `yaml:"exceptions"`
	Unscannable map[string]outcome `yaml:"unscannable"`
	Recipients  []clampNode        `yaml:"recipients"`
	Journal     texts              `yaml:"journal"`
	Tests       []testNode         `yaml:"tests"`
}

// packFile is a pack of detectors.
type packFile struct {
	Pack      string           `yaml:"pack,required" doc:"Its name."`
	Lists     map[string]texts `yaml:"lists" doc:"Lists for its detectors."`
	Detectors []detectorNode   `yaml:"detectors" doc:"What it finds."`
}

type defaultsNode struct {
	Scope         scopes               `yaml:"scope" doc:"Where rules look." enum:"subject,body,attachment_name,attachment_text,href"`
	MinConfidence *classify.Confidence `yaml:"min_confidence" doc:"How sure a finding must be to count; medium when left out."`
	Window        number               `yaml:"window" doc:"How far, in characters, context words reach each way; 300 when left out." least:"1"`
	Count         countNode            `yaml:"count" doc:"How many findings a rule needs; at least one unique value when left out."`
	Level         number               `yaml:"level" doc:"The level of rules that name none; 1 when left out." enum:"1,2"`
}

type countNode struct {
	Pos    yamlfile.Pos `yaml:"-"`
	Min    number       `yaml:"min" doc:"At least so many." least:"0"`
	Max    number       `yaml:"max" doc:"At most so many. What could not be read may hold more." least:"1"`
	Unique *bool        `yaml:"unique" doc:"true counts different values, the same one in text, HTML and quoted copy once; false counts places."`
}

type triggerNode struct {
	Pos      yamlfile.Pos `yaml:"-"`
	ID       string       `yaml:"id,required" doc:"Its name, which lists and logs show."`
	Title    titles       `yaml:"title" doc:"What people see, by language."`
	Words    texts        `yaml:"words,required" doc:"'[word]', anywhere in the subject; '#word', as a whole token; a plain word only with 'position: start'." some:"1"`
	In       text         `yaml:"in" doc:"A trigger stands in the subject; nothing else can be said." enum:"subject"`
	Strip    *bool        `yaml:"strip" doc:"false leaves the word in what recipients see of the subject."`
	Position text         `yaml:"position" doc:"start allows plain words, which the subject must begin with, after 'Re:' and the like." enum:"start"`
	Longest  bool         `yaml:"longest" doc:"true: where this word stands, a shorter word that it begins with asks for nothing."`
	Level    number       `yaml:"level,required" doc:"What the sender gets." enum:"1,2"`
}

type labelNode struct {
	Pos     yamlfile.Pos `yaml:"-"`
	ID      string       `yaml:"id,required" doc:"Its name, which lists and logs show."`
	Title   titles       `yaml:"title" doc:"What people see, by language."`
	Header  string       `yaml:"header,required" doc:"The name of the field."`
	Equals  texts        `yaml:"equals" doc:"The whole value, in any case, decoded and unfolded."`
	Matches text         `yaml:"matches" doc:"A regular expression that must match somewhere in the value."`
	Level   number       `yaml:"level,required" doc:"What the label asks for." enum:"1,2"`
}

type detectorNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	ID            string               `yaml:"id" doc:"Its name; no other detector has it."`
	Override      string               `yaml:"override" doc:"The detector of a pack that this changes; what is left out stays. Instead of id."`
	Title         titles               `yaml:"title" doc:"What people see, by language."`
	Prefilter     texts                `yaml:"prefilter" doc:"One of these must occur in the text or the subject before a pattern is tried."`
	Patterns      []patternNode        `yaml:"patterns" doc:"Ways in which a value is written. Exactly one of patterns, words, groups and validator_only." some:"1"`
	Words         langWords            `yaml:"words" doc:"Phrases: whole words, any case, a space for any white space; '*' at an end lets the word go on. A list, or lists by language."`
	Groups        map[string]langWords `yaml:"groups" doc:"Words by group: counting unique values counts groups." some:"1"`
	ValidatorOnly text                 `yaml:"validator_only" doc:"A search that no pattern can express." enum:"iban,mrz"`
	Boundary      text                 `yaml:"boundary" doc:"What may stand next to a match of a regex. number: no digit or letter, nor a separator with a digit behind it; word: not inside a word." enum:"number,word,none"`
	Validate      texts                `yaml:"validate" doc:"Checks that all must hold, such as luhn, entropy(3.5) or length(6,10), or a national one by its detector."`
	Exclude       *excludeNode         `yaml:"exclude" doc:"Values that mean nothing."`
	Context       []contextNode        `yaml:"context" doc:"Words near a value that make it surer, or less sure. They are applied in order, and what stands nearest decides: words that lower do nothing where words that raise stand as near, and those that raise do nothing where words that lower stand nearer."`
	Mask          text                 `yaml:"mask" doc:"How much of a value people see. none is for words alone." enum:"all,last2,first1last2,none"`
	Confidence    *classify.Confidence `yaml:"confidence" doc:"How sure words, groups and validator_only are; high when left out."`
	Fold          *bool                `yaml:"fold" doc:"true: words are also found without the diacritics that they have here. With diacritics that it lacks here, a word is another one."`
	Overlap       text                 `yaml:"overlap" doc:"allow: may share its text with other detectors (words do); one: only one detector counts a stretch of text." enum:"allow,one"`
	Tests         *examplesNode        `yaml:"tests" doc:"Texts in which it must find something, or nothing."`
}

type patternNode struct {
	Pos        yamlfile.Pos         `yaml:"-"`
	Regex      text                 `yaml:"regex" doc:"A regular expression (RE2), on the normalised text."`
	Value      number               `yaml:"value" doc:"The group that holds the value; 0 is the whole match." least:"0"`
	Digits     text                 `yaml:"digits" doc:"Lengths of digit groups, instead of a regex: '6|4', '13..19'."`
	Separators string               `yaml:"separators" doc:"What may stand between the groups."`
	Confidence *classify.Confidence `yaml:"confidence" doc:"How sure a match is by itself; medium when left out."`
}

type excludeNode struct {
	Values    texts `yaml:"values" doc:"These values, compared by letters and digits alone."`
	Regex     text  `yaml:"regex" doc:"Values that this matches whole."`
	LineRegex text  `yaml:"line_regex" doc:"Values on a line that this matches somewhere."`
	Stopwords texts `yaml:"stopwords" doc:"Values that hold one of these."`
	SameDigit bool  `yaml:"same_digit" doc:"Values of one digit alone, such as 999999999."`
	Sequence  bool  `yaml:"sequence" doc:"Values such as 123456789."`
}

type contextNode struct {
	Pos    yamlfile.Pos         `yaml:"-"`
	Near   texts                `yaml:"near,required" doc:"Beginnings of words, or whole words when they end in '$'." some:"1"`
	Within number               `yaml:"within" doc:"So many characters away; the default window when left out." least:"1"`
	Side   text                 `yaml:"side" doc:"Where the words must stand." enum:"before,after,both"`
	Set    *classify.Confidence `yaml:"set" doc:"Raises to this, or lowers to it; none drops the value."`
	Shift  number               `yaml:"shift" doc:"Steps up (1) or down (-1), instead of set."`
}

// examplesNode are texts in which a detector must find something, or nothing, of at least medium confidence, or of
// another that is named.
type examplesNode struct {
	Confidence *classify.Confidence `yaml:"confidence" doc:"Match means this confidence or more, and miss less; medium when left out."`
	Match      texts                `yaml:"match" doc:"It must find something here, of medium confidence or more."`
	Miss       texts                `yaml:"miss" doc:"It must find nothing here."`
}

type ruleNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	ID            string               `yaml:"id,required" doc:"Its name, which lists and logs show."`
	Title         titles               `yaml:"title" doc:"What senders and auditors see, by language; else that of its detector."`
	When          whenNode             `yaml:"when,required" doc:"What must hold."`
	Level         number               `yaml:"level" doc:"What follows." enum:"1,2"`
	Mode          text                 `yaml:"mode" doc:"observe: recorded and explained, never acted on." enum:"enforce,observe"`
	Scope         scopes               `yaml:"scope" doc:"Where it looks; the defaults when left out." enum:"subject,body,attachment_name,attachment_text,href"`
	MinConfidence *classify.Confidence `yaml:"min_confidence" doc:"How sure a finding must be; the default when left out."`
	Notify        texts                `yaml:"notify" doc:"Addresses in the own domains that are told of each message that it protects."`
}

// whenNode is a condition: everything that is said in it must hold.
type whenNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	Detector      texts                `yaml:"detector" doc:"A detector, several (their findings are added), or a pattern such as 'se.*'." some:"1"`
	Count         *countNode           `yaml:"count" doc:"How many findings; needs a detector beside it."`
	MinConfidence *classify.Confidence `yaml:"min_confidence" doc:"How sure a finding must be, here."`
	Scope         scopes               `yaml:"scope" doc:"Where to look, here." enum:"subject,body,attachment_name,attachment_text,href"`
	Sender        *partyNode           `yaml:"sender" doc:"Who sends."`
	Recipient     *partyNode           `yaml:"recipient" doc:"Who gets the mail; answered for each recipient."`
	Header        *headerNode          `yaml:"header" doc:"A header field."`
	Attachment    *attachmentNode      `yaml:"attachment" doc:"Attached files."`
	Size          *sizeNode            `yaml:"size" doc:"The size of the whole message."`
	All           []whenNode           `yaml:"all" doc:"All of these must hold." some:"1"`
	Any           []whenNode           `yaml:"any" doc:"One of these must hold." some:"1"`
	Not           whenNodes            `yaml:"not" doc:"None of these may hold. One that cannot be answered because something could not be read counts as not holding." some:"1"`
	Within        number               `yaml:"within" doc:"What the members of all find must lie within so many characters, in one text." least:"1"`
}

type partyNode struct {
	Pos     yamlfile.Pos `yaml:"-"`
	Address texts        `yaml:"address" doc:"One of these addresses; '*' stands for any characters."`
	Domain  texts        `yaml:"domain" doc:"In one of these domains; '*.x.example' means below x.example."`
	Outside texts        `yaml:"outside" doc:"In none of these domains."`
}

type headerNode struct {
	Pos      yamlfile.Pos `yaml:"-"`
	Name     string       `yaml:"name,required" doc:"The name of the field."`
	Equals   texts        `yaml:"equals" doc:"The whole value, in any case."`
	Contains texts        `yaml:"contains" doc:"A part of the value, in any case."`
	Matches  text         `yaml:"matches" doc:"A regular expression that must match somewhere in the value."`
}

type attachmentNode struct {
	Pos   yamlfile.Pos   `yaml:"-"`
	Type  texts          `yaml:"type" doc:"Endings of names (xlsx), or media types."`
	Name  text           `yaml:"name" doc:"A regular expression on the name."`
	Min   *yamlfile.Size `yaml:"min" doc:"At least this large, such as 5MB."`
	Count *countNode     `yaml:"count" doc:"How many such files."`
}

type sizeNode struct {
	Pos yamlfile.Pos   `yaml:"-"`
	Min *yamlfile.Size `yaml:"min" doc:"At least this large, such as 5MB."`
	Max *yamlfile.Size `yaml:"max" doc:"At most this large."`
}

type exceptionNode struct {
	Pos     yamlfile.Pos      `yaml:"-"`
	ID      string            `yaml:"id,required" doc:"Its name; its use is recorded under it."`
	Rules   texts             `yaml:"rules" doc:"The rules that it lifts." some:"1"`
	When    exceptionWhenNode `yaml:"when,required" doc:"When it does. By value or segment, or by recipient and transport; a sender goes with both."`
	Outcome text              `yaml:"outcome" doc:"An exception can only pass." enum:"pass"`
	Expires text              `yaml:"expires" doc:"The last day on which it holds, such as 2027-12-31. Past it, 'policy check' fails." form:"date"`
}

type exceptionWhenNode struct {
	Value     texts      `yaml:"value" doc:"These values never count." some:"1"`
	Segment   scopes     `yaml:"segment" doc:"What is found here never counts; quoted is text of an earlier mail." enum:"subject,body,attachment_name,attachment_text,href,quoted"`
	Sender    *partyNode `yaml:"sender" doc:"Who sends."`
	Recipient *partyNode `yaml:"recipient" doc:"For these recipients only."`
	Transport text       `yaml:"transport" doc:"Only where mail is sure to go over verified TLS." enum:"tls_verified"`
}

type limitsNode struct {
	Pos   yamlfile.Pos       `yaml:"-"`
	Depth number             `yaml:"depth" doc:"How deep files may lie in files." least:"1"`
	Files number             `yaml:"files" doc:"How many files." least:"1"`
	Text  *yamlfile.Size     `yaml:"text" doc:"How much text, such as 20MB."`
	Ratio number             `yaml:"ratio" doc:"How many times its size an archive may unpack to." least:"1"`
	Time  *yamlfile.Duration `yaml:"time" doc:"How long reading may take, such as 10s."`
}

type clampNode struct {
	Pos           yamlfile.Pos `yaml:"-"`
	Match         texts        `yaml:"match,required" doc:"Domains, or addresses in which '*' stands for any characters."`
	Max           *levelText   `yaml:"max" doc:"The level never rises above this, unless a trigger asks for it." enum:"pass,1,2"`
	Min           *levelText   `yaml:"min" doc:"The level never falls below this." enum:"pass,1,2"`
	AllowTriggers *bool        `yaml:"allow_triggers" doc:"false: max holds for triggers too."`
}

type testNode struct {
	Pos         yamlfile.Pos         `yaml:"-"`
	Name        string               `yaml:"name,required" doc:"What it is about."`
	From        string               `yaml:"from" doc:"Envelope sender."`
	To          texts                `yaml:"to" doc:"Envelope recipients."`
	Subject     string               `yaml:"subject" doc:"Its subject."`
	Body        string               `yaml:"body" doc:"Its text. '{+}' in it is taken out: so a key can be written in two halves, for programs that search files for keys."`
	HTML        string               `yaml:"html" doc:"Its HTML; with body, both are alternatives."`
	Headers     map[string]string    `yaml:"headers" doc:"Further header fields."`
	Attachments []testAttachmentNode `yaml:"attachments" doc:"Attached files."`
	File        string               `yaml:"file" doc:"A mail in a file beside the policy, instead of the parts above."`
	Expect      *expectNode          `yaml:"expect" doc:"What must become of it. What is not named here may be anything."`
}

type testAttachmentNode struct {
	Pos       yamlfile.Pos `yaml:"-"`
	Name      string       `yaml:"name,required" doc:"The name of the file."`
	Text      string       `yaml:"text" doc:"What is in it."`
	Base64    string       `yaml:"base64" doc:"What is in it, when that is not text."` // instead of text, for what is not text
	Type      string       `yaml:"type" doc:"Its media type; by its name when left out."`
	Encrypted bool         `yaml:"encrypted" doc:"true: a locked archive; for .zip."`
}

type expectNode struct {
	Pos        yamlfile.Pos    `yaml:"-"`
	Verdict    text            `yaml:"verdict" doc:"The highest level of any recipient." enum:"pass,level1,level2"`
	Rules      *texts          `yaml:"rules" doc:"Exactly these rules, triggers and labels hold, those that only observe left out."`
	NotRules   texts           `yaml:"not_rules" doc:"These do not hold."`
	Observed   *texts          `yaml:"observed" doc:"Exactly these rules that only observe hold."`
	Findings   map[string]int  `yaml:"findings" doc:"How many values a detector finds."`
	Count      map[string]int  `yaml:"count" doc:"How many values a rule finds."`
	Recipients map[string]text `yaml:"recipients" doc:"The level of each recipient."`
	Subject    *string         `yaml:"subject" doc:"The subject, without trigger words."`
}
