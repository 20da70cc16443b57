// Package seal encrypts bodies in chunks under a key per message, and columns,
// wrapped by a key ring.
//
// # The ring
//
// A [Keyring] is one small file outside the database. Whoever has the file and
// the database reads everything; whoever has only one of them reads nothing. The
// file must be readable by its owner alone and is written atomically and synced.
// It holds one random 32-byte secret per version, and from each secret four
// independent keys come by HKDF-SHA256 (RFC 5869): one wraps payload keys, one
// wraps column keys, one hashes look-ups, one makes tags for header fields. The
// newest version wraps, hashes and signs; every older one still opens, answers and
// verifies until it is retired. A version's id is derived from its secret, so the
// same id always means the same keys. A further secret, never rotated, makes the
// check value by which a store recognises its ring.
//
// # Payloads
//
// Every message has a random key of its own, because destroying that key is how a
// message is deleted. The body is Tink's streaming AEAD (AES256-GCM-HKDF-SHA256;
// segments of 4 KB for bodies below 256 KB, else of 64 KB): each stream derives a
// fresh AES key from the message's key and a random salt, each segment carries its
// number and whether it is the last one, so segments can be neither swapped nor
// dropped, and a cut stream ends in [ErrDamaged], never in io.EOF.
//
// The message's key is wrapped as one AEAD box over [version, segment-size code,
// key] under the ring's payload key, with organisation and message id as associated
// data; the same two ids are associated data of the stream. No Tink keyset is
// serialised per message: at thousands of messages a second the plain box is
// several times faster and half as long. The box is a row of its own ([Wrapped]),
// so that a rotation rewrites 74 bytes and never the body, and so that the key can
// one day be wrapped for somebody else instead.
//
// # Columns
//
// Metadata (subjects, names, addresses, numbers, evidence) is sealed value by value
// under a key per organisation and month, wrapped by the ring's column key. The
// associated data of a value names its table, column and row.
//
// Boxes and columns use XChaCha20-Poly1305: its 192-bit random nonce has no
// practical limit on the number of boxes per key, where AES-GCM's 96 bits would
// end after some 2^32 messages.
//
// # Look-ups and tags
//
// [Keyring.Hash] turns an address, a domain or a number into HMAC-SHA256 cut to 128
// bits, behind one byte that tells its version; equal values have equal hashes
// within a version, so an index finds them and a thief without the ring cannot try
// values. [Keyring.MAC] makes 128-bit tags for what leaves the house and returns.
// All inputs are length-prefixed and begin with a label of their use, so that a
// value of one kind never counts as one of another.
//
// Handles print as "[sealed]" in fmt and log/slog, and no error of this package
// contains key bytes or content.
package seal
