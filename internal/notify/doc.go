// Package notify writes the gateway's own mail: notices, codes, phone requests and
// delivery status notices.
//
// Every mail is one letter: a heading, facts, one thing to do, and how to tell that
// it is genuine. It is written once, as a [letter], and shown twice, as plain text
// and as HTML with everything inline; nothing is fetched from anywhere.
//
// What comes from outside is a guest here. A display name, a subject or a next hop's
// reply is stripped of control and direction characters and cut to a length before it
// is used; addresses are written anew from their parsed form; no header field takes
// the display name or the subject of the mail it is about, so that our subject lines
// cannot be borrowed by a phisher. A subject in which something was found is never
// written, and neither is the name of an attachment: a finding does not say whether
// it lies in the name or in the file.
//
// Who may get what is the caller's business: mails to a recipient name nobody but
// the sender and that recipient, mails to the person behind a message may name all.
package notify
