package extract

import "strings"

// shownFields gives out what mail programs show of a header: the subject, the names of
// sender and recipients, and the subject that Outlook keeps for the whole conversation.
// The last one stays when somebody writes a new subject over the old one.
func (w *walker) shownFields(h *Header, s *scope, top bool) {
	subject, body := Subject, Body
	if !top {
		subject, body = AttachmentText, AttachmentText
	}
	for i := range h.Fields {
		f := &h.Fields[i]
		switch {
		case strings.EqualFold(f.Name, "Subject"):
			w.segment(s.where("subject"), subject, s.att, f.Value)
		case strings.EqualFold(f.Name, "Thread-Topic") && !strings.Contains(h.Subject, f.Value):
			w.segment(s.where("header/thread-topic"), subject, s.att, f.Value)
		case freeText(f.Name):
			w.segment(s.where("header/"+strings.ToLower(f.Name)), Hidden, s.att, f.Value)
		}
	}
	w.segment(s.where("header/names"), body, s.att, h.names())
}

// freeText says whether a field holds words that a person wrote (RFC 5322 3.6.5, RFC 2045 8, RFC 5536 3.2.9). Few programs
// show them.
func freeText(name string) bool {
	switch len(name) {
	case 8:
		return strings.EqualFold(name, "Comments") || strings.EqualFold(name, "Keywords")
	case 12:
		return strings.EqualFold(name, "Organization") || strings.EqualFold(name, "Organisation")
	case 19:
		return strings.EqualFold(name, "Content-Description")
	}
	return false
}

// names returns the distinct display names of sender and recipients, one a line. A name
// that repeats its address says nothing new.
func (h *Header) names() string {
	var out strings.Builder
	seen := map[string]bool{}
	for _, list := range [...][]Mailbox{h.From, h.Sender, h.ReplyTo, h.To, h.Cc} {
		for _, m := range list {
			if m.Name == "" || seen[m.Name] || strings.EqualFold(strings.Trim(m.Name, `'"`), m.Address) {
				continue
			}
			seen[m.Name] = true
			out.WriteString(m.Name)
			out.WriteByte('\n')
		}
	}
	return out.String()
}
