package extract

import (
	"strings"
	"testing"
)

// TestUnseenHTML: what a style may hide is read where it stands, and the line is read without it too.
func TestUnseenHTML(t *testing.T) {
	t.Parallel()
	const number = "890102-2387"
	for _, markup := range []string{
		`<style>.x{display:none}</style>8901<i class=x>zz</i>02-2387`,
		`<style>p > i.y.X , b{color:red;Display : none!important}</style>8901<i class="a X">zz</i>02-2387`,
		`8901<i id=x>zz</i>02-2387<style><!-- #x{font-size:0} --></style>`,
		`<StYle>@media all{i/**/{vis\69 bility:hidden}}</STYLE>8901<i>zz</i>02-2387`,
		`<style>[data-h]{opacity:0}</style>8901<i data-h>zz</i>02-2387`,
		`<style>[data-h="1"]:first-child{opacity:0}</style>8901<i data-h=1>zz</i>02-2387`,
		`8901<font color=White>zz</font>02-2387`,
		`8901<span style="color:#FFF">zz</span>02-2387`,
		`8901<span style="color:rgb(255, 255,255)">zz</span>02-2387`,
		`8901<span style="color:rgba(0,0,0,0)">zz</span>02-2387`,
		`8901<span style="color:#123;background-color:#123">zz</span>02-2387`,
		`8901<span style="font-size:1px">zz</span>02-2387`,
		`8901<span style="position:absolute;left:-9999px">zz</span>02-2387`,
		`8901<span style="display:inline-block;width:0;overflow:hidden">zz<b>z</b>z</span>02-2387`,
		`8901<span style="clip-path:inset(100%)">zz</span>02-2387`,
		`<p>x</p>8901<span style="color:white">zz<p>zz</p></span>02-2387<p>x</p>8901<span style="color:white">zz</span>02-2387`,
		`<td>8901<font color=white>zz</font>02-2387<td>zz`,
		`<p style="color:white">zz<p>8901<font color=white>zz</font>02-2387`,
		`<!-- <p>8901<font color=white>zz</font>02-2387</p> -->`,
	} {
		m := walkHTML([]byte(markup))
		if !strings.Contains(m.Hidden, number) {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
		if !strings.Contains(m.Text+m.Hidden, "8901zz") {
			t.Errorf("%s: text = %q", markup, m.Text)
		}
	}
	for _, style := range []string{"display:none", "display:none;color:red", "font-size:0.0pt", "font-size:0rem", "d\\69splay:none", "display/**/:none", "opacity:0%", "MSO-HIDE:ALL"} {
		m := walkHTML([]byte(`8901<span style="` + style + `">zz</span>02-2387`))
		if m.Text != number || m.All != "8901zz02-2387" {
			t.Errorf("%s: text = %q, all = %q", style, m.Text, m.All)
		}
	}
	for _, markup := range []string{
		`<style>p{color:#333} .x{display:block} a{color:#ffa}</style><p class=x>a <a href=x>b</a></p>`,
		`a<span style="color:#fff;background:#036">b</span>`, `a<span style="color:rgb(1,2)">b</span>`, `a<span style="color:rgb()">b</span>`, `a<span style="color:#f">b</span>`,
		`<p style="color:white">a</p>b`, `<p style="text-indent:-18.0pt;margin-left:-5px;font-size:9.0pt">a</p>`, `<style>.x{display:none}</style>a<p class=x>b</p>c`,
	} {
		if m := walkHTML([]byte(markup)); m.Hidden != "" {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
	}
}
