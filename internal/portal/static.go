package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates/*.html
var templateFiles embed.FS

// asset is one file that never changes under its path: the path carries its hash.
type asset struct {
	data   []byte
	kind   string
	policy string
	path   string
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

func readAssets() (map[string]asset, error) {
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("portal: list static files: %w", err)
	}
	all := make(map[string]asset, len(files))
	for _, f := range files {
		data, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("portal: read static file: %w", err)
		}
		sum := sha256.Sum256(data)
		a := asset{data: data, kind: assetKinds[path.Ext(f.Name())], policy: "default-src 'none'"}
		if a.kind == "" {
			return nil, fmt.Errorf("portal: static file %s has no known type", f.Name())
		}
		if path.Ext(f.Name()) == ".svg" { // its shapes are coloured by a style of its own
			a.policy += "; style-src 'unsafe-inline'"
		}
		a.path = "/static/" + f.Name() + "?v=" + hex.EncodeToString(sum[:6])
		all[f.Name()] = a
	}
	return all, nil
}

func (p *Portal) staticFile(w http.ResponseWriter, r *http.Request) {
	a, ok := p.static[r.PathValue("name")]
	if !ok {
		p.gone(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.data) // the reader has gone: nobody to tell
	}
}

// parsePages reads every template once: each page together with the frame around it.
func parsePages() (map[string]*template.Template, error) {
	frame, err := template.New("frame").Funcs(template.FuncMap{"act": newAct}).ParseFS(templateFiles, "templates/_*.html")
	if err != nil {
		return nil, fmt.Errorf("portal: parse page frame: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return nil, fmt.Errorf("portal: list pages: %w", err)
	}
	pages := make(map[string]*template.Template, len(names))
	for _, name := range names {
		page, err := frame.Clone()
		if err != nil {
			return nil, fmt.Errorf("portal: copy page frame: %w", err)
		}
		if page, err = page.ParseFS(templateFiles, name); err != nil {
			return nil, fmt.Errorf("portal: parse page: %w", err)
		}
		pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return pages, nil
}
