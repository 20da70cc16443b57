package extract

import (
	"strings"
	"testing"
)

// TestConditions: a line with parts for Outlook alone, or for all others, is read as both show it.
func TestConditions(t *testing.T) {
	t.Parallel()
	for _, markup := range []string{
		`8901<!--[if mso]>02-2387<![endif]-->`, `<p>x</p>8901<!--[if gte mso 9]><b>02</b><![endif]-->-2387`, `8901<!-- [if IE]>02<![endif]-->-2387<p>x`,
		`8901<!--[if !mso]><!-->zz<!--<![endif]-->02-2387`, `8901<!--[if !mso]>-->zz<!--<![endif]-->02-2387`, `8901<![if !mso]>zz<![endif]>02-2387`,
		`8901<!--[if mso]>02<![endif]--><!--[if !mso]><!-->zz<!--<![endif]-->-2387`, `<p>x</p><!--[if mso]>8901<![endif]-->02-2387`,
		`<!--[if mso]><p>x</p><p>8901<![endif]-->02-2387`, `<p>x<!--[if mso]><p>y</p>8901<![endif]-->02<p>8901<!--[if mso]>02<![endif]-->-2387`,
	} {
		m := walkHTML([]byte(markup))
		if !strings.Contains(m.Hidden, "890102-2387") || strings.Contains(m.Hidden, "x8901") {
			t.Errorf("%s: text = %q, hidden = %q", markup, m.Text, m.Hidden)
		}
	}
	for _, markup := range []string{
		`<!--[if gte mso 9]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]--><p>a</p>`, `<p>a<![if !supportLists]>b<![endif]>c</p>`,
		`<p>a</p><!--[if mso]><table><tr><td><![endif]--><p>b</p><!--[if mso]></td></tr></table><![endif]-->`, `<!--[if !mso]><!--><p>a</p><!--<![endif]--><p>b</p>`,
	} {
		m := walkHTML([]byte(markup))
		for line := range strings.Lines(m.Hidden) {
			if strings.Trim(line, "abc\n") == "" {
				t.Errorf("%s: hidden = %q", markup, m.Hidden)
			}
		}
	}
}
