package relay

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/testkit"
)

func benchBody(size int) memory {
	line := strings.Repeat("x", 74) + "\r\n"
	return memory("Subject: x\r\n\r\n" + strings.Repeat(line, size/len(line)))
}

var benchSizes = map[string]int{"4k": 4 << 10, "50k": 50 << 10, "1m": 1 << 20}

// BenchmarkCutThrough has the same work done by go-smtp's client over a connection that
// it keeps, as the peer.
func BenchmarkCutThrough(b *testing.B) {
	for name, size := range benchSizes {
		body := benchBody(size)
		b.Run("ours/"+name, func(b *testing.B) {
			s := testkit.NewSink(b, testkit.SinkOptions{})
			out := sender(b, s)
			m := mail(b, "b@x.test")
			m.Body = body
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if cut := out.CutThrough(b.Context(), m); cut.State != CutAccepted {
					b.Fatalf("%+v", cut)
				}
				s.Clear()
			}
		})
		b.Run("go-smtp/"+name, func(b *testing.B) {
			s := testkit.NewSink(b, testkit.SinkOptions{})
			c, err := smtp.Dial(s.Addr)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.SendMail("a@x.test", []string{"b@x.test"}, io.MultiReader(strings.NewReader(prefix), bytes.NewReader(body))); err != nil {
					b.Fatal(err)
				}
				s.Clear()
			}
			_ = c.Close()
		})
	}
}

func BenchmarkCutThroughParallel(b *testing.B) {
	s := testkit.NewSink(b, testkit.SinkOptions{})
	out := sender(b, s)
	m := mail(b, "b@x.test")
	m.Body = benchBody(4 << 10)
	b.SetParallelism(10)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if cut := out.CutThrough(b.Context(), m); cut.State != CutAccepted {
				b.Errorf("%+v", cut)
			}
		}
	})
}

func BenchmarkStuffer(b *testing.B) {
	for name, line := range map[string]string{"no dots": strings.Repeat("x", 74) + "\r\n", "all dots": ".\r\n"} {
		b.Run(name, func(b *testing.B) {
			body := []byte(strings.Repeat(line, (1<<20)/len(line)))
			a, c := net.Pipe()
			defer func() { _, _ = a.Close(), c.Close() }()
			out := bufio.NewWriterSize(io.Discard, writeBuffer)
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				w := &stuffer{nc: a, w: out, wait: time.Minute, line: true}
				if _, err := w.Write(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleParseHop() {
	hop, err := ParseHop("smtp://user:secret@mx.example:587")
	fmt.Println(hop, hop.TLS, err)
	// Output: smtp://mx.example:587 required <nil>
}
