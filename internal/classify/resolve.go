package classify

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// resolve keeps one hit for each stretch of text: of hits that overlap, the one with the better claim. Detectors that
// allow it share their text with others, but not with themselves.
func (s *scanner) resolve() []hit {
	slices.SortFunc(s.hits, byPlace)
	kept := s.hits[:0]
	for i := 0; i < len(s.hits); {
		end, reach := i+1, s.hits[i].end
		for end < len(s.hits) && s.hits[end].start < reach {
			reach = max(reach, s.hits[end].end)
			end++
		}
		if end-i == 1 {
			kept = append(kept, s.hits[i])
		} else {
			kept = s.contest(kept, s.hits[i:end])
		}
		i = end
	}
	return kept
}

func byPlace(a, b hit) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.det, b.det), cmp.Compare(a.end, b.end))
}

// contest appends to kept those of a row of overlapping hits that stand, by place. kept may share memory with the row's
// beginning, so the row is judged on a copy.
func (s *scanner) contest(kept, row []hit) []hit {
	rivals := slices.Clone(row)
	slices.SortFunc(rivals, s.claim)
	taken := map[int32][]hit{}
	first := len(kept)
	for _, h := range rivals {
		owner := int32(-1)
		if s.e.detectors[h.det].overlap {
			owner = h.det
		}
		spans := taken[owner]
		i := sort.Search(len(spans), func(i int) bool { return spans[i].start >= h.end })
		if i > 0 && spans[i-1].end > h.start {
			if winner := spans[i-1]; winner.det != h.det {
				s.reject(&candidate{det: h.det, start: h.start, end: h.end}, "part of "+s.e.detectors[winner.det].id)
			}
			continue
		}
		taken[owner] = slices.Insert(spans, i, h)
		kept = append(kept, h)
	}
	slices.SortFunc(kept[first:], byPlace)
	return kept
}

// claim orders hits by how good their claim to a stretch of text is.
func (s *scanner) claim(a, b hit) int {
	x, y := &s.e.detectors[a.det], &s.e.detectors[b.det]
	return cmp.Or(
		-cmp.Compare(boolInt(a.near), boolInt(b.near)),
		-cmp.Compare(a.confidence, b.confidence),
		-cmp.Compare(x.strength, y.strength),
		-cmp.Compare(a.end-a.start, b.end-b.start),
		strings.Compare(x.id, y.id),
		cmp.Compare(a.start, b.start),
	)
}

func compareHits(a, b Hit) int {
	return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.At, b.At), strings.Compare(a.Detector, b.Detector))
}
