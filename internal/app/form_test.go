package app_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// fieldsOf returns the fields of the first form with a text field or a number in a
// page, as a browser would send them unchanged.
func fieldsOf(page string) url.Values {
	values := url.Values{}
	z := html.NewTokenizer(strings.NewReader(page))
	selectName, done := "", false
	for tt := z.Next(); tt != html.ErrorToken && !done; tt = z.Next() {
		tok := z.Token()
		attr := map[string]string{}
		for _, a := range tok.Attr {
			attr[a.Key] = a.Val
		}
		_, selected := attr["selected"]
		switch {
		case tt == html.EndTagToken && tok.Data == "form" && len(values) > 0:
			done = true
		case tt == html.EndTagToken && tok.Data == "select":
			selectName = ""
		case tok.Data == "select":
			selectName = attr["name"]
		case tok.Data == "option" && selectName != "" && (selected || !values.Has(selectName)):
			values.Set(selectName, attr["value"])
		case tok.Data == "input" && attr["type"] != "checkbox" && attr["name"] != "":
			values.Set(attr["name"], attr["value"])
		}
	}
	return values
}

// nameLike returns the one field whose name begins so and goes on with digits.
func nameLike(t *testing.T, form url.Values, prefix string) string {
	t.Helper()
	for name := range form {
		rest, ok := strings.CutPrefix(name, prefix)
		if ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			return name
		}
	}
	t.Fatalf("no field %s and a number in %v", prefix, form)
	return ""
}
