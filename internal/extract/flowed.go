package extract

import "strings"

// delSp says whether a text is flowed and its breaks leave no blank (RFC 3676 4.2).
func (m *media) delSp() bool {
	return strings.EqualFold(m.get("format"), "flowed") && strings.EqualFold(m.get("delsp"), "yes")
}

// joinFlowed joins the lines of flowed text as a program does that deletes the blank before a break (RFC 3676 4.1). It is empty
// where nothing comes of it: where a blank is left between two lines, they read alike either way.
func joinFlowed(s string) string {
	var out strings.Builder
	glued, open := false, false
	depth := 0
	for line := range strings.Lines(s) {
		text := strings.TrimRight(line, "\r\n")
		body := strings.TrimLeft(text, ">")
		quotes := len(text) - len(body)
		body = strings.TrimPrefix(body, " ")
		if open && quotes == depth && body != "-- " {
			glued = glued || body != "" && !strings.HasSuffix(out.String(), " ")
		} else {
			if open {
				out.WriteByte('\n')
			}
			out.WriteString(text[:quotes])
		}
		depth = quotes
		open = len(text) < len(line) && strings.HasSuffix(body, " ") && body != "-- "
		if !open {
			out.WriteString(body)
			out.WriteString(line[len(text):])
			continue
		}
		out.WriteString(strings.TrimSuffix(body, " "))
	}
	if !glued {
		return ""
	}
	return out.String()
}
