// Command grams learns from generated mail how often each window of four bytes stands in ordinary text, and writes the
// table that the matcher chooses its windows by (internal/classify/match/grams.bin).
package main

import (
	"fmt"
	"math"
	"os"

	"sigill/tools/classbench/internal/corpus"
)

const multiplier = 0x9e3779b1 // that of the matcher

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: grams FILE")
		os.Exit(2)
	}
	var count [1 << 16]float64
	total := 0.0
	for _, text := range corpus.Generate(1000, 8<<20) {
		for i := 0; i+4 <= len(text); i++ {
			w := (uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24) | 0x20202020
			count[w*multiplier>>16]++
			total++
		}
	}
	out := make([]byte, len(count))
	for i, n := range count {
		out[i] = byte(max(0, math.Round(4*(32+math.Log2((n+0.05)/total)))))
	}
	if err := os.WriteFile(os.Args[1], out, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "grams:", err)
		os.Exit(1)
	}
}
