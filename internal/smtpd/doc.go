// Package smtpd accepts mail over SMTP and answers 250 only when the promise is kept.
//
// It is the door of the house and nothing more: it speaks the protocol, finds out
// who the client is, and brings the message in as it came. Whether a sender, a
// recipient or a message is wanted is said by the [Acceptor] that the caller hands
// in; its positive reply to [Acceptor.Accept] is the promise, and no other code
// path writes a 250 after the end of the data.
//
// # What comes in
//
// Only CR LF "." CR LF ends the data of DATA. A CR or LF that stands alone is
// refused (550 5.5.2), so that no other server can see two messages where this one
// saw one; clients in a network marked Normalize have it turned into CR LF instead.
// Dots are unstuffed and nothing else is changed: no line is folded or cut, whatever
// its length. BDAT brings in the same octets as DATA would; a message that does not
// end its last line gets CR LF appended, because RFC 3030 leaves the end free while
// every way on from here (DATA) has lines only.
//
// A refused message is read away to its end, so that the dialogue stays in step;
// beyond twice the size limit the connection is cut.
//
// # Where it lies
//
// Up to 64 KiB of a message are kept in memory, and 64 MiB over all sessions; what
// is larger goes to a temporary file that is unlinked before the first octet and
// sealed with a key that only this process holds. Memory is wiped afterwards.
//
// # Who the client is
//
// A client is trusted when it comes from a listed network (with TLS or a client
// certificate if that network asks for them) or has authenticated. AUTH exists only
// under TLS; wrong passwords cost time, tokens of a bucket per client and per account,
// and finally the connection. An untrusted client may talk, and the Acceptor sees
// that it is not trusted.
//
// At STARTTLS everything the client said before is forgotten, and octets that came
// with the command are refused (CVE-2011-0411).
package smtpd
