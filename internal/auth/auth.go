// Package auth proves that a person is the recipient, or the sender, of a message:
// by a link, a one-time code and a browser session, within limits.
//
// The scheme. A mail carries a link with a token of 160 random bits; the store keeps
// its hash. Opening the link (GET) does nothing. Pressing the button (POST) starts a
// browser [Session] with a secret of its own in a cookie, and asks for a code. The
// code is made by the worker that sends it, by mail (12 letters and digits, 58 bits)
// or by SMS (6 digits), and bound to that one session: on another browser it opens
// nothing. Only the newest code of a session counts; an older one is recognised,
// answered with words, and not counted as a wrong try. A right code proves the
// session, once, and replaces its secret; the session ends after half an hour idle,
// or with the message.
//
// A wrong try is counted before the comparison, in the transaction that makes it:
// per code, access, message, recipient, client address and in all, across every node. When a
// count cannot be taken, the try fails. Every layer ends by itself, so that the rightful
// person gets in again; that of the access is a lock that lasts longer each time.
//
// A link alone is worth nothing without a code, with one exception: the sender's link
// opens the page on which the sender's own held message gets its numbers, and no content.
//
// Tokens, codes and session secrets are born here and in no other package; only
// hashes are stored. Level 1 confirms control of a mailbox and nothing more; level 2
// is out of band, restricted as NIST SP 800-63B-4 3.1.3.3 says of telephone networks.
package auth
