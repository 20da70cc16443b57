package extract

import (
	"strings"
	"testing"
)

// TestNotDrawn: what browsers do not draw is read where it stands, and the line is read without it too.
func TestNotDrawn(t *testing.T) {
	t.Parallel()
	for _, markup := range []string{
		`8901<canvas>77</canvas>02-2387`, `<noembed>x</noembed>890102-2387`, `8901<audio>77</audio>02-2387`, `8901<video controls>77<p>7</p></video>02-2387`,
		`8901<iframe width=0>77</iframe>02-2387`, `8901<noframes>77</noframes>02-2387`, `8901<template><div>77</div></template>02-2387`,
		`8901<datalist><option>77</datalist>02-2387`, `8901<dialog>77</dialog>02-2387`, `<body>8901<title>77</title>02-2387`, `8901<noscript>77</noscript>02-2387`,
		`<svg><text>8901<style>77</style>02-2387</text></svg>`, `<svg><text>8901<desc>77</desc>02-2387</text></svg>`, `<svg><text>8901<metadata>7</metadata>02<defs>7</defs>-2387</text></svg>`,
		`<svg><text>8901<tspan display="none">77</tspan>02-2387</text></svg>`, `<svg><text>8901<tspan fill=none>77</tspan>02-2387</text></svg>`, `<svg><text>8901<tspan opacity=0>77</tspan>02-2387</text></svg>`,
		`8901<div style="display:none">77</div>02-2387`, `8901<p hidden>77</p>02-2387`, `<ruby>8901<rp>(</rp>02-2387</ruby>`,
		`<style>.x{display:none}</style>8901<div class=x>77</div>02-2387`, `8901<canvas>7<canvas>7</canvas></canvas>02-2387`,
	} {
		m := walkHTML([]byte(markup))
		if !strings.Contains(m.Text+"\n"+m.Hidden, "890102-2387") {
			t.Errorf("%s: text = %q, hidden = %q", markup, m.Text, m.Hidden)
		}
		if strings.Contains(markup, "77") && !strings.Contains(m.Text+m.All+m.Hidden, "77") {
			t.Errorf("%s: not read: %q, %q, %q", markup, m.Text, m.All, m.Hidden)
		}
	}
	for _, markup := range []string{
		`<p>a</p><div style="display:none">b</div><p>c</p>`, `<title>a</title><p>b</p>`, `<p>a</p><canvas>b</canvas><p>c</p>`, `<dialog open>a</dialog>b`,
	} {
		m := walkHTML([]byte(markup))
		if strings.Contains(m.Hidden, "ac") || strings.Contains(m.Hidden, "ab") {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
	}
}

// TestSideBySide: blocks that a style puts side by side are read as one line too.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	for _, markup := range []string{
		`<style>div{display:inline}</style><div>8901</div><div>02-2387</div>`,
		`<style>@media all{*{Display: inline !important}}</style><br><div>8901</div><div>02-2387</div>`,
		`<p>x</p><p style="display:inline">8901</p><p style="display:inline">02-2387</p>`,
		`<li style="display:inline">8901</li><li style="display:inline">02-2387</li>`,
		`8901<center style="display:inline">02-2387</center>`, `<center style="display:inline">8901</center>02-2387`,
		`<div style="float:left">8901</div> <div style="float:left"> 02-2387</div>`,
		`<div style="float:left"><p>8901</p></div><div style="float:left"><p>02-2387</p></div>`,
		`<style>.f{display:flex}</style><p>x</p><div class=f><div>8901</div> <div><div>02</div></div><div>-2387</div></div><p>y</p>`,
		`<div style="display:inline-block">8901</div><div style="display:inline-block">02-2387</div>`,
		`<div style="display:table-cell">8901</div><div style="display:table-cell">02-2387</div>`,
		`<div style="all:unset">8901</div><div style="all:unset">02-2387</div>`,
		`<div style="position:absolute">8901</div><div style="position:absolute;left:3em">02-2387</div>`,
		`8901<br style="display:none">02-2387`, `8901<br hidden>02-2387`, `8901<hr style="display:none">02-2387`, `<style>br{display:none}</style>8901<br>02-2387`,
		`<style>br{content:""}</style>8901<br>02-2387`, `<style>.x{display:none}</style>8901<br class=x>02-2387`,
		`<table cellpadding=0 cellspacing=0><tr><td>8901</td> <td>02-2387</td></tr></table>`,
		`<table><tr><td style="padding:0">8901</td><td style="padding:0;width:40px">02-2387</td></tr></table>`,
		`<table align=left><tr><td>8901</td></tr></table><table align=left><tr><td>02-2387</td></tr></table>`,
		`<div style="display:inline">89</div><div style="display:inline">01<font color=white>zz</font></div><div style="display:inline">02-2387</div>`,
	} {
		m := walkHTML([]byte(markup))
		if !strings.Contains(m.Hidden, "890102-2387") {
			t.Errorf("%s: text = %q, hidden = %q", markup, m.Text, m.Hidden)
		}
		if strings.Contains(m.Hidden, "x8901") || strings.Contains(m.Hidden, "2387y") {
			t.Errorf("%s: too much is joined: %q", markup, m.Hidden)
		}
	}
	for _, markup := range []string{
		`<style>p.MsoNormal{margin:0cm;display:block}a:hover{float:none}</style><p class=MsoNormal>a</p><p class=MsoNormal>b</p>`,
		`<table cellpadding=0 cellspacing=0 width=600><tr><td>a</td><td>b</td></tr></table>`, `<table cellpadding=0><tr><td width="50%">a</td><td width=300>b</td></tr></table>`,
		`<table><tr><td>a</td><td>b</td></tr></table>`, `<div style="display:flex;flex-direction:column"><p>a</p><p>b</p></div>`,
		`<p>a</p><p><span style="display:inline-block">b</span></p><img style="display:block;float:left"><p>c</p>`,
		`<div style="display:inline">a</div><p>b</p><div>c</div><div>d</div>`,
	} {
		m := walkHTML([]byte(markup))
		if strings.Contains(m.Hidden, "bc") || strings.Contains(m.Hidden, "cd") || !strings.Contains(markup, "inline\">a") && m.Hidden != "" {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
	}
}
