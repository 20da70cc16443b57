package seal

import (
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// Segment sizes in bytes, tag included, and the size from which bodies take the
// larger one: small segments keep the buffers of many small messages small, large
// ones make the per-segment cost vanish.
const (
	smallSegment = 4 << 10
	largeSegment = 64 << 10
	largeBody    = 256 << 10
)

// The first byte of a payload key's box, then the segment-size codes.
const (
	wrapVersion = 1

	codeSmall = 1
	codeLarge = 2
)

const wrappedPayloadSize = 2 + keySize

// PayloadKey is the key of one message, in memory. It may seal and open any number
// of streams, concurrently.
type PayloadKey struct {
	redacted

	stream tink.StreamingAEAD
	ad     []byte
}

// NewPayloadKey makes the key of one message and its wrap. size is the expected
// number of bytes of the body and only chooses the segment size; below zero means
// unknown.
func (k *Keyring) NewPayloadKey(org, message string, size int64) (*PayloadKey, Wrapped, error) {
	inner := make([]byte, 2, wrappedPayloadSize)
	inner[0], inner[1] = wrapVersion, codeLarge
	if size >= 0 && size < largeBody {
		inner[1] = codeSmall
	}
	inner = append(inner, randomKey()...)
	v := k.ring.Load().newest()
	w, err := wrap(v.payload, v.id, inner, payloadAD(org, message))
	if err != nil {
		return nil, Wrapped{}, err
	}
	p, err := k.payloadKey(inner, org, message)
	if err != nil {
		return nil, Wrapped{}, err
	}
	return p, w, nil
}

// Unwrap opens the key of a message. It returns [ErrMissingKeys] when the ring
// lacks the version that wrapped it and [ErrDamaged] when the wrap is damaged or
// another message's.
func (k *Keyring) Unwrap(org, message string, w Wrapped) (*PayloadKey, error) {
	inner, err := k.unwrapPayload(org, message, w)
	if err != nil {
		return nil, err
	}
	return k.payloadKey(inner, org, message)
}

// Rewrap wraps the key of a message under the newest version. It returns w itself
// and false when it already is. Errors are those of [Keyring.Unwrap].
func (k *Keyring) Rewrap(org, message string, w Wrapped) (Wrapped, bool, error) {
	v := k.ring.Load().newest()
	if w.KeyID == v.id {
		return w, false, nil
	}
	inner, err := k.unwrapPayload(org, message, w)
	if err != nil {
		return Wrapped{}, false, err
	}
	fresh, err := wrap(v.payload, v.id, inner, payloadAD(org, message))
	if err != nil {
		return Wrapped{}, false, err
	}
	return fresh, true, nil
}

func payloadAD(org, message string) []byte { return bind("sigill/payload/1", org, message) }

func (k *Keyring) unwrapPayload(org, message string, w Wrapped) ([]byte, error) {
	v, err := k.version(w.KeyID)
	if err != nil {
		return nil, err
	}
	return unwrap(v.payload, w, payloadAD(org, message), wrappedPayloadSize)
}

// payloadKey makes the handle from the inside of a wrap.
func (k *Keyring) payloadKey(inner []byte, org, message string) (*PayloadKey, error) {
	if inner[0] != wrapVersion {
		return nil, fmt.Errorf("payload key of version %d: made by a newer program", inner[0])
	}
	segment := smallSegment
	switch inner[1] {
	case codeSmall:
	case codeLarge:
		segment = largeSegment
	default:
		return nil, fmt.Errorf("payload key with segment-size code %d: made by a newer program", inner[1])
	}
	stream, err := k.ciphers.stream(inner[2:], segment)
	if err != nil {
		return nil, fmt.Errorf("make payload cipher: %w", err)
	}
	return &PayloadKey{stream: stream, ad: bind("sigill/body/1", org, message)}, nil
}

// NewWriter returns a writer that seals what is written to it into w. The stream
// is whole only after Close, which seals the last segment and leaves w open. A
// caller whose source failed must drop the stream without Close, or it would
// become a valid stream of half a body. After a failed write every further call
// returns the same error.
func (p *PayloadKey) NewWriter(w io.Writer) (io.WriteCloser, error) {
	return newWriter(p.stream, w, p.ad)
}

// NewReader returns a reader of what NewWriter sealed. Each segment is proven
// before it is returned, but that the stream is whole is known only at io.EOF:
// [ErrDamaged] comes instead when bytes were changed or are missing. Errors of r
// itself are returned as they are, wrapped.
func (p *PayloadKey) NewReader(r io.Reader) (io.Reader, error) {
	return newReader(p.stream, r, p.ad)
}
