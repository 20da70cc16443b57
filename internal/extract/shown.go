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
		case addressField(f.Name):
			w.segment(s.where("header/"+strings.ToLower(f.Name)), Hidden, s.att, addressAsides(f.Value, resent(f.Name)))
		}
	}
	w.segment(s.where("header/names"), body, s.att, h.names())
}

// freeText says whether a field holds words that a person wrote (RFC 5322 3.6.5, RFC 2045 8, RFC 5536 3.2.9, RFC 2919). Few
// programs show them.
func freeText(name string) bool {
	switch strings.ToLower(name) {
	case "comments", "keywords", "organization", "organisation", "content-description", "list-id", "x-message-flag":
		return true
	}
	return false
}

// addressField says whether a field holds addresses, in which there is room for words.
func addressField(name string) bool {
	switch strings.ToLower(name) {
	case "from", "sender", "reply-to", "to", "cc", "resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "disposition-notification-to":
		return true
	}
	return false
}

// resent says whether a field is none of those whose names are given out together.
func resent(name string) bool {
	switch strings.ToLower(name) {
	case "from", "sender", "reply-to", "to", "cc":
		return false
	}
	return true
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
