// Package portal is the web face: open, prove, read; and the sender's page for numbers.
//
// The scheme. A link carries a token (/b/ for a recipient, /s/ for the sender of a
// message). Opening it changes nothing and sends nothing, so that programs that follow
// links do no harm; only where a code was right does a GET note something, namely
// that the reader is still there, or took a file. The button (POST)
// starts a browser session and asks for a code; the worker makes and sends it. From
// then on addresses carry only the id of the access, which is no secret, and the
// proof is a cookie: one per access, HttpOnly, SameSite=Strict, over TLS Secure and
// with the __Host- prefix. Strict is enough, since no page is ever entered with the
// cookie from elsewhere: the mail leads to /b/, which needs none. A right code
// replaces the cookie's secret. A session ends after half an hour without use.
//
// Whatever is wrong with a link (unknown, misspelt, expired, taken back, purged, held
// again, of the other kind), the answer is one and the same page with status 404,
// after the same look-ups.
//
// The sender's link shows no content and no address that the sender did not write. It
// sets numbers once: a number that is set can only be taken back, until a code went
// to it, and is then asked for anew.
//
// A number is refused from the page on which its code is typed, by a session that asked
// for one, and once the message was opened only by one in which a code was right: the
// link alone can take a message away from nobody.
//
// State changes only by POST, from our own pages ([http.CrossOriginProtection] reads
// Origin and Sec-Fetch-Site). There is no script anywhere. HTML mail is cut down to an
// allow-list, freed from everything that would load, and shown in a frame without
// permissions, under a content policy of its own. Attachments are downloads, or are
// shown alone in a sandbox.
package portal
