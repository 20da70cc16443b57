package portal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// framePolicy is the content policy of the frame that shows a mail: nothing loads,
// nothing runs, nothing is sent (security.md T21, T22). Pictures are part of the page.
const framePolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; " +
	"frame-ancestors 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"

const (
	maxPicture  = 4 << 20  // octets of one picture that stands in the text
	maxPictures = 16 << 20 // octets of all
)

// frameHead begins the document in the frame: as mail programs show mail, on white.
const frameHead = `<!doctype html><html lang="%s"><head><meta charset="utf-8"><title>%s</title>` +
	`<style>body{margin:0;padding:24px;font:16px/1.55 Calibri,Carlito,Arial,sans-serif;color:#222;background:#fff;overflow-wrap:break-word}` +
	`img{max-width:100%%;height:auto}table{max-width:100%%}</style></head><body>`

// mailFrame is the HTML of a message, for the frame in the reader.
func (p *Portal) mailFrame(w http.ResponseWriter, r *http.Request) {
	v, err := p.proven(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	mail, err := p.mail(r.Context(), v.message.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	pictures, err := p.pictures(r.Context(), v.message.ID, mail)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	frame := p.view(w, r, v.access.Lang)
	clean, _ := p.cleaner.clean(mail.HTML, pictures)
	h := w.Header()
	h.Set("Content-Security-Policy", framePolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = fmt.Fprintf(w, frameHead, frame.Lang(), html.EscapeString(frame.fullSubject(v.message))) //nolint:gosec // escaped, and in a frame without scripts
	_, _ = io.WriteString(w, clean)                                                                 // the reader has gone: nobody to tell
	_, _ = io.WriteString(w, "</body></html>")
}

// pictures returns, by content id, the pictures that the text shows, as data URLs
// (RFC 2392, RFC 2397).
func (p *Portal) pictures(ctx context.Context, id message.ID, mail *extract.Mail) (map[string]string, error) {
	all := map[string]string{}
	left := int64(maxPictures)
	for _, part := range mail.Parts {
		if !inText(part, mail.HTML) || part.Size > min(maxPicture, left) {
			continue
		}
		data, err := p.part(ctx, id, part.Index)
		if err != nil {
			return nil, err
		}
		kind := http.DetectContentType(data)
		if !inlineKind(kind) {
			continue
		}
		left -= part.Size
		all[part.ContentID] = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
	}
	return all, nil
}

// inText says whether a part is a picture that stands in the HTML.
func inText(part extract.Part, markup string) bool {
	return part.ContentID != "" && inlineKind(part.Type) &&
		(strings.Contains(markup, "cid:"+part.ContentID) || strings.Contains(markup, "cid:"+url.PathEscape(part.ContentID)))
}

// part reads one small attachment whole.
func (p *Portal) part(ctx context.Context, id message.ID, index int) ([]byte, error) {
	body, err := p.body(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // only read
	var b bytes.Buffer
	if _, err := extract.CopyPart(ctx, &limited{&b, maxPicture}, body, index); err != nil {
		return nil, fmt.Errorf("read attachment of %s: %w", id, err)
	}
	return b.Bytes(), nil
}

var errLong = errors.New("longer than expected")

// limited writes up to n octets and then fails.
type limited struct {
	w io.Writer
	n int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.n -= len(b); l.n < 0 {
		return 0, errLong
	}
	return l.w.Write(b)
}

// inlineKind says whether a picture of this type may stand in a page: those that
// browsers read without running anything, so no SVG.
func inlineKind(media string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, media)
}

var (
	reNumber = regexp.MustCompile(`^[0-9]{1,5}%?$`)
	reWord   = regexp.MustCompile(`^[a-zA-Z -]{1,40}$`)
	reColour = regexp.MustCompile(`(?i)^(#[0-9a-f]{3,8}|rgba?\([0-9., %]{1,40}\)|[a-z]{1,30})$`)
	reLength = regexp.MustCompile(`(?i)^-?[0-9.]{1,7}(px|pt|pc|em|rem|ex|in|cm|mm|%)?( +-?[0-9.]{1,7}(px|pt|pc|em|rem|ex|in|cm|mm|%)?| +auto){0,3}$|^auto$|^normal$|^medium$|^thin$|^thick$`)
	reSize   = regexp.MustCompile(`(?i)^[0-9.]{1,7}(px|pt|em|rem|%)$|^(xx-small|x-small|small|medium|large|x-large|xx-large|smaller|larger)$`)
	reFont   = regexp.MustCompile(`^[a-zA-Z0-9 ,"'_-]{1,200}$`)
	reBorder = regexp.MustCompile(`(?i)^([0-9.]{1,5}(px|pt|em)?|none|solid|dashed|dotted|double|groove|ridge|inset|outset|thin|medium|thick|windowtext|#[0-9a-f]{3,8}|rgb\([0-9, ]{1,20}\)|[a-z]{1,20})( +([0-9.]{1,5}(px|pt|em)?|none|solid|dashed|dotted|double|groove|ridge|inset|outset|thin|medium|thick|windowtext|#[0-9a-f]{3,8}|rgb\([0-9, ]{1,20}\)|[a-z]{1,20})){0,2}$`)
)

// cleaner cuts mail down to the allow-list. It may be used by many at the same time.
type cleaner struct{ policy *bluemonday.Policy }

func newCleaner() cleaner { return cleaner{mailPolicy()} }

// mailPolicy is the allow-list for HTML mail: text, tables and pictures with their
// looks. Nothing that loads, runs, sends, moves over other things or names itself.
func mailPolicy() *bluemonday.Policy {
	b := bluemonday.NewPolicy()
	b.AllowElements("p", "div", "span", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "u", "s",
		"strike", "del", "ins", "sub", "sup", "small", "big", "code", "pre", "tt", "kbd", "samp", "blockquote", "q", "cite",
		"abbr", "address", "center", "font", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot",
		"tr", "td", "th", "colgroup", "col", "a", "img", "figure", "figcaption", "section", "article", "header", "footer", "main")
	b.AllowAttrs("align", "valign").Matching(reWord).Globally()
	b.AllowAttrs("dir").Matching(regexp.MustCompile(`(?i)^(rtl|ltr|auto)$`)).Globally()
	b.AllowAttrs("lang").Matching(regexp.MustCompile(`^[a-zA-Z0-9-]{1,35}$`)).Globally()
	b.AllowAttrs("bgcolor", "color", "bordercolor").Matching(reColour).OnElements("table", "tr", "td", "th", "font", "tbody", "thead")
	b.AllowAttrs("width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "span", "start", "size").
		Matching(reNumber).OnElements("table", "tr", "td", "th", "col", "colgroup", "img", "ol", "li", "hr", "font", "tbody", "thead")
	b.AllowAttrs("face").Matching(reFont).OnElements("font")
	b.AllowAttrs("type").Matching(reWord).OnElements("ol", "ul", "li")
	b.AllowAttrs("alt", "src").OnElements("img")
	b.AllowAttrs("href").OnElements("a")
	b.AllowNoAttrs().OnElements("a", "span", "font", "img")
	b.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	mailStyles(b)
	return b
}

// mailStyles allows the looks, each with the form of its values: no url(), no
// position, nothing that could leave the frame or cover what is in it.
func mailStyles(b *bluemonday.Policy) {
	b.AllowStyles("color", "background-color", "background", "border-color").Matching(reColour).Globally()
	b.AllowStyles("font-size").Matching(reSize).Globally()
	b.AllowStyles("font-family").Matching(reFont).Globally()
	b.AllowStyles("font-weight").Matching(regexp.MustCompile(`(?i)^(normal|bold|bolder|lighter|[1-9]00)$`)).Globally()
	b.AllowStyles("font-style").MatchingEnum("normal", "italic", "oblique").Globally()
	b.AllowStyles("text-decoration").MatchingEnum("none", "underline", "line-through").Globally()
	b.AllowStyles("text-align").MatchingEnum("left", "right", "center", "justify", "start", "end").Globally()
	b.AllowStyles("vertical-align").MatchingEnum("top", "middle", "bottom", "baseline", "sub", "super").Globally()
	b.AllowStyles("white-space").MatchingEnum("normal", "nowrap", "pre", "pre-wrap", "pre-line").Globally()
	b.AllowStyles("display").MatchingEnum("none", "block", "inline", "inline-block", "table", "table-row", "table-cell").Globally()
	b.AllowStyles("border-collapse").MatchingEnum("collapse", "separate").Globally()
	b.AllowStyles("list-style-type").Matching(reWord).Globally()
	b.AllowStyles("line-height", "letter-spacing", "text-indent", "width", "max-width", "height", "border-spacing",
		"padding", "padding-left", "padding-right", "padding-top", "padding-bottom",
		"margin", "margin-left", "margin-right", "margin-top", "margin-bottom", "border-width").Matching(reLength).Globally()
	b.AllowStyles("border", "border-left", "border-right", "border-top", "border-bottom", "border-style").Matching(reBorder).Globally()
}

// clean cuts HTML down to what is harmless and says how many pictures it left out
// because they would have been fetched. Pictures of the mail itself are put in from the
// map, by content id; links lose their target, which the text view shows.
func (c cleaner) clean(markup string, pictures map[string]string) (string, int) {
	safe := c.policy.Sanitize(dropHidden(markup))
	var b strings.Builder
	b.Grow(len(safe))
	left := 0
	z := html.NewTokenizer(strings.NewReader(safe))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String(), left
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			b.Write(z.Raw())
			continue
		}
		t := z.Token()
		switch t.DataAtom {
		case atom.Img:
			left += picture(&b, t, pictures)
		case atom.A:
			b.WriteString("<a>")
		default:
			b.WriteString(t.String())
		}
	}
}

// picture writes a picture of the mail itself, or the words that stand for it. It
// returns 1 when the picture lies elsewhere.
func picture(b *strings.Builder, t html.Token, pictures map[string]string) int {
	src := attribute(t, "src")
	id, own := strings.CutPrefix(src, "cid:")
	if plain, err := url.PathUnescape(id); err == nil { // RFC 2392 2
		id = plain
	}
	data, ok := pictures[id]
	if own && ok {
		attrs := []html.Attribute{{Key: "src", Val: data}}
		for _, a := range t.Attr {
			if a.Key != "src" {
				attrs = append(attrs, a)
			}
		}
		t.Attr = attrs
		b.WriteString(t.String())
		return 0
	}
	b.WriteString(html.EscapeString(attribute(t, "alt")))
	if own || src == "" {
		return 0
	}
	return 1
}

// dropHidden takes out what Outlook writes for itself: conditional comments. The
// sanitiser drops comments, but not what stands between two of them.
func dropHidden(markup string) string { return conditional.ReplaceAllString(markup, "") }

var conditional = regexp.MustCompile(`(?is)<!--\[if [^\]>]*\]>.*?<!\[endif\]-->`)
