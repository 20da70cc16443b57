//go:build native

package engines

/*
#cgo pkg-config: libhs
#include <hs/hs.h>
#include <stdlib.h>
#include <stdint.h>

typedef struct { uint32_t id; uint32_t from, to; } hit;
typedef struct { hit *h; size_t n, cap; } hits;

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	hits *b = ctx;
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 4096;
		b->h = realloc(b->h, b->cap * sizeof(hit));
	}
	b->h[b->n].id = id; b->h[b->n].from = (uint32_t)from; b->h[b->n].to = (uint32_t)to; b->n++;
	return 0;
}

static long vs_scan(hs_database_t *db, hs_scratch_t *s, const char *t, unsigned n, hits *b) {
	b->n = 0;
	if (hs_scan(db, t, n, 0, s, on_match, b) != HS_SUCCESS) return -1;
	return (long)b->n;
}

*/
import "C"

import (
	"errors"
	"regexp"
	"strings"
	"unsafe"

	"sigill/tools/classbench/internal/rules"
)

func init() {
	v := "Vectorscan"
	if s := C.GoString(C.hs_version()); !strings.HasPrefix(s, "5.4.9") {
		v = "Hyperscan " + strings.Fields(s)[0]
	}
	extra = append(extra,
		Spec{Name: v + " (cgo), ends only", Does: "all rules, end offsets, every end", New: vs(0, false), Bytes: vsBytes},
		Spec{Name: v + " (cgo), single match", Does: "which rules hit", Max: 1000, New: vs(C.HS_FLAG_SINGLEMATCH, false), Bytes: vsBytes},
		Spec{Name: v + " (cgo), start of match", Does: "all rules, both offsets, every end", Max: 1000, New: vs(C.HS_FLAG_SOM_LEFTMOST, false), Bytes: vsBytes},
		Spec{Name: v + " (cgo) + Go regexp", Does: full, New: vs(0, true), Bytes: vsBytes},
	)
}

type vscan struct {
	db      *C.hs_database_t
	scratch *C.hs_scratch_t
	hits    *C.hits
	confirm func([]byte, []rules.Match) []rules.Match
	buf     []rules.Match
	Refused int
	size    int
}

func vsBytes(s Scanner) int {
	if e, ok := s.(*exactVS); ok {
		return e.size
	}
	return s.(*vscan).size
}

func vs(flags C.uint, confirm bool) func([]rules.Rule, [][]byte) (Scanner, error) {
	return func(rs []rules.Rule, _ [][]byte) (Scanner, error) {
		n := len(rs)
		pat := (*[1 << 20]*C.char)(C.malloc(C.size_t(8 * n)))
		fl, ids := make([]C.uint, n), make([]C.uint, n)
		k := 0
		v := &vscan{hits: (*C.hits)(C.calloc(1, C.sizeof_hits))}
		for i := range rs {
			f := C.uint(C.HS_FLAG_CASELESS) | flags
			if strings.ContainsAny(rs[i].Expr, ".[") || !ascii(rs[i].Expr) {
				f |= C.HS_FLAG_UTF8
			}
			pat[k], fl[k], ids[k] = C.CString(rs[i].Expr), f, C.uint(i)
			if flags&C.HS_FLAG_SOM_LEFTMOST != 0 { // some patterns are too large with it
				var one *C.hs_database_t
				var ce *C.hs_compile_error_t
				if C.hs_compile(pat[k], f, C.HS_MODE_BLOCK, nil, &one, &ce) != C.HS_SUCCESS {
					fl[k] &^= C.HS_FLAG_SOM_LEFTMOST
					v.Refused++
				} else {
					C.hs_free_database(one)
				}
			}
			k++
		}
		var ce *C.hs_compile_error_t
		if C.hs_compile_multi((**C.char)(unsafe.Pointer(pat)), &fl[0], &ids[0], C.uint(k), C.HS_MODE_BLOCK, nil, &v.db, &ce) != C.HS_SUCCESS {
			return nil, errors.New(C.GoString(ce.message))
		}
		if C.hs_alloc_scratch(v.db, &v.scratch) != C.HS_SUCCESS {
			return nil, errors.New("scratch")
		}
		var a, b C.size_t
		C.hs_database_size(v.db, &a)
		C.hs_scratch_size(v.scratch, &b)
		v.size = int(a + b)
		for i := 0; i < k; i++ {
			C.free(unsafe.Pointer(pat[i]))
		}
		C.free(unsafe.Pointer(pat))
		if confirm {
			var re []*regexp.Regexp
			done, gen := make([]uint32, n), uint32(0)
			for i := range rs {
				re = append(re, regexp.MustCompile(rs[i].Source()))
			}
			v.confirm = func(t []byte, out []rules.Match) []rules.Match {
				if v.scan(t) == 0 {
					return out
				}
				gen++
				for _, h := range unsafe.Slice(v.hits.h, int(v.hits.n)) {
					if done[h.id] == gen {
						continue
					}
					done[h.id] = gen
					out = rules.One(&rs[h.id], re[h.id], t, out)
				}
				return out
			}
			return &exactVS{v}, nil
		}
		return v, nil
	}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func (v *vscan) scan(t []byte) int {
	if len(t) == 0 {
		return 0
	}
	return int(C.vs_scan(v.db, v.scratch, (*C.char)(unsafe.Pointer(&t[0])), C.uint(len(t)), v.hits))
}

func (v *vscan) Scan(t []byte) int {
	if v.confirm != nil {
		v.buf = v.confirm(t, v.buf[:0])
		return len(v.buf)
	}
	return v.scan(t)
}

type exactVS struct{ *vscan }

func (v *exactVS) Matches(t []byte, out []rules.Match) []rules.Match { return v.confirm(t, out) }
