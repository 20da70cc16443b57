package notify

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed template/mail.html
var templates embed.FS

// page is what the template sees.
type page struct {
	letter
	Org     Org
	Accent  template.CSS // colours, checked by New
	On      template.CSS
	Link    template.CSS
	Seal    template.CSS
	Style   template.CSS // for phones and the dark
	Gap     template.HTML
	MSOHead template.HTML // for Outlook on Windows, which reads comments
	MSOOpen template.HTML
	MSOEnd  template.HTML
}

func parsePage() (*template.Template, error) {
	t, err := template.ParseFS(templates, "template/mail.html")
	if err != nil {
		return nil, fmt.Errorf("parse mail template: %w", err)
	}
	return t, nil
}

const (
	phoneStyle = `@media (max-width:480px){.fold2{display:none!important}.fold{width:20px!important}.hd{white-space:normal!important;width:auto!important}.pad{padding-left:20px!important;padding-right:20px!important}.k{width:84px!important;padding-right:8px!important}.code{font-size:23px!important;letter-spacing:1px!important}}
`
	darkStyle = `@media (prefers-color-scheme:dark){.ground{background:#0d1318!important}.sheet{background:#151d24!important}.well{background:#1c262e!important}.line,.sheet,.well{border-color:#2c3944!important}.ink{color:#e8eef2!important}.ink2{color:#a6b4bf!important}.lnk,.ink2 a,.ink a{color:LINK!important}.btn,.btn-a{background:ACCENT!important;color:ON!important}}
[data-ogsc] .ink{color:#e8eef2!important}[data-ogsc] .ink2{color:#a6b4bf!important}[data-ogsc] .lnk{color:LINK!important}
`
	msoHead = `<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->`
	msoOpen = `<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`
	msoEnd  = `<!--[if mso]></td></tr></table><![endif]-->`
)

// html shows a letter as HTML.
func (c *Composer) html(l *letter) (string, error) {
	k := c.org.Colours
	dark := strings.NewReplacer("LINK", k.DarkLink, "ACCENT", k.DarkAccent, "ON", k.DarkOnAccent).Replace(darkStyle)
	p := page{
		letter: *l, Org: c.org,
		Accent: template.CSS(k.Accent), On: template.CSS(k.OnAccent), //nolint:gosec // #rrggbb
		Link: template.CSS(k.Link), Seal: template.CSS(k.Seal), //nolint:gosec // #rrggbb
		Style:   template.CSS(phoneStyle + dark),                     //nolint:gosec // ours
		Gap:     template.HTML(strings.Repeat("&#8199;&#847; ", 24)), //nolint:gosec // ours
		MSOHead: msoHead, MSOOpen: msoOpen, MSOEnd: msoEnd,
	}
	var b bytes.Buffer
	if err := c.page.Execute(&b, p); err != nil {
		return "", fmt.Errorf("write mail: %w", err)
	}
	return b.String(), nil
}
