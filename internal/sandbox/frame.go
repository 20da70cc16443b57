package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Types of frames.
const (
	frameSetup   byte = 'S' // parent: what the child may use; first of all
	frameHello   byte = 'H' // child: ready, with what it gave up
	frameLimits  byte = 'L' // parent: begin of a message
	frameData    byte = 'D' // parent: a piece of it
	frameEnd     byte = 'E' // parent: its end
	frameAnswer  byte = 'A' // child: the content
	framePixels  byte = 'I' // child: the pixels of one of its pictures, behind it
	framePicture byte = 'P' // parent: begin of a picture; data and end follow
)

// dataSize is the length of a piece of a message.
const dataSize = 64 << 10

var errFrame = errors.New("unexpected frame")

func writeFrame(w io.Writer, kind byte, payload []byte) error {
	head := [5]byte{kind}
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload))) //nolint:gosec // callers bound it far below 4 GB
	if _, err := w.Write(head[:]); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	if len(payload) == 0 {
		return nil
	}
	if _, err := w.Write(payload); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// readHead reads the type and the length of a frame whose payload has at most limit bytes.
func readHead(r io.Reader, limit int64) (kind byte, n int64, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, fmt.Errorf("read frame: %w", err)
	}
	n = int64(binary.BigEndian.Uint32(head[1:]))
	if n > limit {
		return 0, 0, fmt.Errorf("%w: %d bytes, at most %d", errFrame, n, limit)
	}
	return head[0], n, nil
}

// readFrame reads a whole frame of one type.
func readFrame(r io.Reader, want byte, limit int64) ([]byte, error) {
	kind, n, err := readHead(r, limit)
	if err != nil {
		return nil, err
	}
	if kind != want {
		return nil, fmt.Errorf("%w: %q, want %q", errFrame, kind, want)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	return b, nil
}

// frameReader is the message inside the data frames, up to the end frame.
type frameReader struct {
	r    io.Reader
	left int64
	end  bool
}

// Read implements [io.Reader].
func (f *frameReader) Read(p []byte) (int, error) {
	for f.left == 0 {
		if f.end {
			return 0, io.EOF
		}
		kind, n, err := readHead(f.r, dataSize)
		switch {
		case err != nil:
			return 0, err
		case kind == frameEnd && n == 0:
			f.end = true
		case kind == frameData:
			f.left = n
		default:
			return 0, errFrame
		}
	}
	n, err := f.r.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
