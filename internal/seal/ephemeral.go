package seal

import (
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// Ephemeral is a key that only this process holds, for spooled mail in unlinked
// temporary files: what is left on the disk after the process has ended is noise.
// It may seal and open any number of streams, concurrently.
type Ephemeral struct {
	redacted

	stream tink.StreamingAEAD
}

// NewEphemeral makes a key that is never stored.
func NewEphemeral() (*Ephemeral, error) { return newEphemeral(sealing{}) }

func newEphemeral(p primitives) (*Ephemeral, error) {
	stream, err := p.stream(randomKey(), largeSegment)
	if err != nil {
		return nil, fmt.Errorf("make spool cipher: %w", err)
	}
	return &Ephemeral{stream: stream}, nil
}

func ephemeralAD() []byte { return bind[string]("sigill/spool/1") }

// NewWriter works as [PayloadKey.NewWriter].
func (e *Ephemeral) NewWriter(w io.Writer) (io.WriteCloser, error) {
	return newWriter(e.stream, w, ephemeralAD())
}

// NewReader works as [PayloadKey.NewReader].
func (e *Ephemeral) NewReader(r io.Reader) (io.Reader, error) {
	return newReader(e.stream, r, ephemeralAD())
}
