// Package locale has the words of every language for pages, mails and text messages.
//
// The words lie in text/<area>.<lang>.json, one flat object a file. To add an area,
// write one file for each language; nothing else needs to know of it. A key in
// page.sv.json is asked for with the name of its area in front:
//
//	// text/page.sv.json
//	{
//	  "open.title": "Öppna meddelandet",
//	  "code.left": {"one": "Du har {{.N}} försök kvar.", "other": "Du har {{.N}} försök kvar."},
//	  "code.to": "Vi skickar den till **{{.To}}**."
//	}
//
//	p := catalog.Printer("sv", zone)
//	p.T("page.open.title")                     // plain text
//	p.N("page.code.left", 3)                   // by number; {{.N}} is 3, {{.Word}} is tre
//	p.T("page.code.to", "To", "k•••n@e•••.se") // name and value, or one map[string]any
//	p.H("page.code.to", "To", address)         // HTML: **…** becomes <b>, values are escaped
//
// A text knows placeholders {{.Name}} and **strong** words, nothing else. What is
// put in for a placeholder is never read as a placeholder or a mark again. A value
// that has plural forms is an object with the forms of CLDR that its language has.
//
// [New] refuses a catalog in which a key, a form or a placeholder of one language
// lacks in another, so that no reader ever meets a hole.
//
// Some words must not be torn apart at the end of a line: a clock time and its kl.
// or uur, e-post, sms-kod. The catalog puts no-break spaces and hyphens there when
// it loads; write the texts with ordinary ones. [Plain] takes them out again where
// only simple characters may stand.
package locale
