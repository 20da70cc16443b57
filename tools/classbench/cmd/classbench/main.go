// Command classbench measures rule engines over mail text and writes one JSON
// line per engine and rule-set size; with -verify it compares exact engines instead.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigill/tools/classbench/internal/corpus"
	"sigill/tools/classbench/internal/engines"
	"sigill/tools/classbench/internal/rules"
)

// Result is one line of output.
type Result struct {
	Engine, Does, Corpus string
	Rules                int
	CompileMS            float64
	HeapMiB              float64
	MBs                  []float64
	Hits                 float64 // per MB
	Allocs               float64 // per message
	Note                 string
}

func main() {
	sizes := flag.String("sizes", "10,100,1000,10000", "rule-set sizes")
	only := flag.String("engines", ".", "regular expression over engine names")
	runs := flag.Int("runs", 5, "runs per engine")
	budget := flag.Duration("budget", 500*time.Millisecond, "time of a run")
	mb := flag.Int("mb", 64, "corpus size in MB")
	dir := flag.String("mail", "", "folder of real mail instead of generated text")
	verify := flag.Bool("verify", false, "compare the exact engines' matches")
	refKB := flag.Int("refkb", 512, "with -verify: KB that the Go regexp reference also scans (10 rules; fewer for more)")
	kinds := flag.String("kinds", "klnx", "of a rule set keep only: k keywords, l regexes with literals, n number rules")
	flag.Parse()
	runtime.GOMAXPROCS(1)

	name := "generated"
	var texts [][]byte
	if *dir != "" {
		var err error
		if texts, err = corpus.ReadDir(*dir, *mb<<20); err != nil || len(texts) == 0 {
			fmt.Fprintln(os.Stderr, "classbench: no mail:", err)
			os.Exit(1)
		}
		name = "real"
	} else {
		texts = corpus.Generate(1, *mb<<20)
	}
	total := 0
	for _, t := range texts {
		total += len(t)
	}
	fmt.Fprintf(os.Stderr, "%s corpus: %d messages, %.1f MB\n", name, len(texts), float64(total)/1e6)
	train := corpus.Generate(1000, 2<<20)
	debug.FreeOSMemory()
	enc := json.NewEncoder(os.Stdout)
	re := regexp.MustCompile(*only)
	bad := false
	for _, sz := range strings.Split(*sizes, ",") {
		n, _ := strconv.Atoi(sz)
		rs := slices.DeleteFunc(rules.Make(7, n), func(r rules.Rule) bool {
			return !strings.Contains(*kinds, "kkkkkkllln"[r.ID%10:r.ID%10+1])
		})
		type cand struct {
			spec engines.Spec
			s    engines.Scanner
			res  Result
		}
		var cs []*cand
		for _, sp := range engines.All() {
			if !re.MatchString(sp.Name) || sp.Max > 0 && n > sp.Max {
				continue
			}
			if *verify && !strings.HasPrefix(sp.Does, "exact") {
				continue
			}
			c := &cand{spec: sp, res: Result{Engine: sp.Name, Does: sp.Does, Corpus: name, Rules: n}}
			before := heap()
			t0 := time.Now()
			s, err := sp.New(rs, train)
			c.res.CompileMS = float64(time.Since(t0).Microseconds()) / 1000
			if err != nil {
				c.res.Note = "refused: " + first(err.Error(), 120)
				enc.Encode(c.res)
				continue
			}
			c.s = s
			c.res.HeapMiB = float64(heap()-before) / (1 << 20)
			if sp.Bytes != nil {
				c.res.HeapMiB += float64(sp.Bytes(s)) / (1 << 20)
			}
			fmt.Fprintf(os.Stderr, "%5d rules  %-40s compiled in %.0f ms, %.1f MiB %s\n", n, sp.Name, c.res.CompileMS, c.res.HeapMiB, c.res.Note)
			cs = append(cs, c)
		}
		if *verify {
			var ex []engines.Exact
			var names []string
			for _, c := range cs {
				if x, ok := c.s.(engines.Exact); ok {
					ex, names = append(ex, x), append(names, c.spec.Name)
				}
			}
			bad = !compare(n, names, ex, texts, *refKB<<10) || bad
			continue
		}
		for run := -1; run < *runs; run++ { // run -1 warms up
			for _, c := range cs {
				b := *budget
				if run < 0 {
					b /= 2
				}
				hits, bytes, msgs := 0, 0, 0
				var m0, m1 runtime.MemStats
				runtime.ReadMemStats(&m0)
				t0 := time.Now()
				for i := 0; ; i++ {
					t := texts[i%len(texts)]
					hits += c.s.Scan(t)
					bytes += len(t)
					msgs++
					if i&15 == 15 || i < 16 && bytes>>10 < 64 {
						if time.Since(t0) > b {
							break
						}
					}
				}
				el := time.Since(t0)
				runtime.ReadMemStats(&m1)
				if run >= 0 {
					c.res.MBs = append(c.res.MBs, float64(bytes)/1e6/el.Seconds())
					c.res.Hits = float64(hits) / (float64(bytes) / 1e6)
					c.res.Allocs = float64(m1.Mallocs-m0.Mallocs) / float64(msgs)
				}
			}
		}
		for _, c := range cs {
			slices.Sort(c.res.MBs)
			enc.Encode(c.res)
			fmt.Fprintf(os.Stderr, "%5d rules  %-40s %10.3f MB/s\n", n, c.spec.Name, c.res.MBs[len(c.res.MBs)/2])
		}
	}
	if bad {
		os.Exit(1)
	}
}

// compare checks all exact engines against the first of them over the whole
// corpus; engines that run rules one by one see only the first refBytes*10/rules.
func compare(n int, names []string, ex []engines.Exact, texts [][]byte, refBytes int) bool {
	ok, seen, matches := true, 0, 0
	budget := make([]int, len(ex))
	for _, t := range texts {
		var want []rules.Match
		for k, e := range ex {
			slow := !strings.HasPrefix(names[k], "Sigill") && !strings.Contains(names[k], "scan")
			if slow && seen > refBytes*10/n+4000 {
				continue
			}
			budget[k] += len(t)
			got := norm(e.Matches(t, nil))
			if k == 0 {
				want = got
				matches += len(got)
			} else if !slices.Equal(want, got) {
				ok = false
				fmt.Printf("%d rules: %s differs from %s: %d and %d matches in a message of %d bytes\n", n, names[k], names[0], len(got), len(want), len(t))
			}
		}
		seen += len(t)
	}
	for k := range ex {
		fmt.Printf("%5d rules  %-40s %10.3f MB compared\n", n, names[k], float64(budget[k])/1e6)
	}
	fmt.Printf("%5d rules  %d matches, equal: %v\n", n, matches, ok)
	return ok
}

func norm(m []rules.Match) []rules.Match {
	slices.SortFunc(m, func(a, b rules.Match) int {
		if a.Rule != b.Rule {
			return int(a.Rule - b.Rule)
		}
		return int(a.Start - b.Start)
	})
	return m
}

func first(s string, n int) string { return s[:min(n, len(s))] }

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
