package demo

import (
	"testing"

	"sigill/internal/locale"
)

func newWords(t *testing.T, lang string) *locale.Printer {
	t.Helper()
	c, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	return c.Printer(lang, nil)
}
