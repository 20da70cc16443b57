package extract

import (
	"strings"
	"testing"
)

// TestAdditions: what a style sheet adds to an element is read beside the text of the element.
func TestAdditions(t *testing.T) {
	t.Parallel()
	for _, markup := range []string{
		`<style>.a::before{content:"8901"}</style><p>x</p><p class=a>02-2387</p>`, `<style>b:after{color:red;content : '02' "-2387";}</style><p>x <b>8901</b></p>`,
		`<style>*:before{content:"8901"}</style><i>02-2387</i>`, `<style>#x:before{c\6fntent:"8901"}</style><i id=x>02-2387</i>`,
		`<style>i:before{content:attr(a) attr(b)}</style><i b=02-2387 a=8901>x</i>`, `<style>i:before{content:attr(data-a)}</style><i data-a=8901>02-2387</i>`,
		`<style>[a]:before{content:"8901"}</style><i a>02-2387</i>`, `<style>li{list-style-type:'890102-2387'}</style><li>x`, `<li style="list-style-type:'890102-2387'">x`, `<style>q{quotes:"890102-2387" "b"}</style><q>x</q>`,
		`<style>@counter-style x{symbols:"890102-2387"}</style>`, `<v:textpath string="890102-2387">`, `<style>br:before{content:"02"}</style>8901<br>-2387<style>br{display:none}</style>`,
	} {
		if m := walkHTML([]byte(markup)); !strings.Contains(m.Hidden, "890102-2387") {
			t.Errorf("%s: text = %q, hidden = %q", markup, m.Text, m.Hidden)
		}
	}
	for _, markup := range []string{`<style>a{color:red}p:before{content:""}</style><p style="font-family:'Segoe UI'">x</p>`, `<style>.c:after{content:".";display:block}</style><p>x</p>`} {
		if m := walkHTML([]byte(markup)); strings.Contains(m.Hidden, "x") || strings.Contains(m.Hidden, "Segoe") {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
	}
}

// TestMailMarkup: other types of text that mail programs show as markup are read as such too.
func TestMailMarkup(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html"} {
		for _, disp := range []string{"", "Content-Disposition: attachment; filename=a.txt\r\n"} {
			c := parseLimits(t, "Content-Type: "+typ+"\r\n"+disp+"\r\n8901<bold>02</bold>-2387\r\n", Limits{})
			if !strings.Contains(dump(c), "890102-2387") || c.Unreadable != nil {
				t.Errorf("%s: %s", typ, dump(c))
			}
		}
	}
	c := parseLimits(t, "Content-Type: text/enriched\r\n\r\n8901<color><Param>red</Param>02</color>-2387<param>\r\n", Limits{})
	if !strings.Contains(dump(c), "890102-2387") {
		t.Error(dump(c))
	}
}
