package main

import (
	"encoding"
	"testing"
)

func TestArgs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		into func() encoding.TextUnmarshaler
		good []string
		bad  []string
	}{
		"id":      {func() encoding.TextUnmarshaler { return new(idArg) }, []string{"06h0q8pgkdgs9rrygdq3p84qnc"}, []string{"", "x", "06h0q8pgkdgs9rrygdq3p84qn/"}},
		"address": {func() encoding.TextUnmarshaler { return new(addressArg) }, []string{"a@b.example"}, []string{"", "<>", "a", "a@b.example\nc"}},
		"sender":  {func() encoding.TextUnmarshaler { return new(senderArg) }, []string{"a@b.example", "<>"}, []string{"", "a"}},
		"age":     {func() encoding.TextUnmarshaler { return new(ageArg) }, []string{"90s", "2h", "7d", "2w"}, []string{"", "7", "-7d", "week"}},
		"count":   {func() encoding.TextUnmarshaler { return new(countArg) }, []string{"1", "100"}, []string{"", "0", "-1", "many", "1.5"}},
		"index":   {func() encoding.TextUnmarshaler { return new(indexArg) }, []string{"0", "7"}, []string{"", "-1", "first"}},
		"level":   {func() encoding.TextUnmarshaler { return new(levelArg) }, []string{"level1", "level2"}, []string{"", "pass", "2"}},
		"step":    {func() encoding.TextUnmarshaler { return new(stepArg) }, []string{"relay", "send_code"}, []string{"", "purge", "expire"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range c.good {
				if err := c.into().UnmarshalText([]byte(s)); err != nil {
					t.Errorf("%q: %v", s, err)
				}
			}
			for _, s := range c.bad {
				if err := c.into().UnmarshalText([]byte(s)); err == nil {
					t.Errorf("%q was taken", s)
				}
			}
		})
	}
}
