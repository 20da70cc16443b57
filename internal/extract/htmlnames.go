package extract

// tagName returns the name without an allocation for the usual ones.
func tagName(b []byte) string {
	switch string(b) {
	case "p":
		return "p"
	case "div":
		return "div"
	case "span":
		return "span"
	case "td":
		return "td"
	case "tr":
		return "tr"
	case "br":
		return "br"
	case "a":
		return "a"
	case "b":
		return "b"
	case "table":
		return "table"
	case "tbody":
		return "tbody"
	case "font":
		return "font"
	case "strong":
		return "strong"
	case "img":
		return "img"
	case "o:p":
		return "o:p"
	}
	return string(b)
}

// isBlock names the elements that begin on a line of their own (HTML 15.3).
func isBlock(name string) bool {
	switch name {
	case "p", "div", "br", "hr", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
		"body", "html", "head", "address", "article", "aside", "section", "header", "footer", "nav", "main",
		"figure", "figcaption", "form", "fieldset", "legend", "center", "dir", "menu", "details", "summary",
		"dialog", "option", "optgroup", "select", "iframe", "noscript", "noframes", "frameset", "marquee",
		"colgroup", "hgroup", "search", "title", "textarea":
		return true
	}
	return false
}

func void(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}
