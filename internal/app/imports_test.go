package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the house: for each room, the rooms of ours that it may know. What is not
// listed is forbidden, and a room that is not listed does not exist.
var mayImport = map[string][]string{
	"cmd/sigill":   {"*"},
	"internal/app": {"*"},

	// The demo stands on the whole program, as a person would.
	"internal/demo": {"internal/app", "internal/config", "internal/message", "internal/seal", "internal/extract", "internal/store", "internal/locale", "policies"},

	// L3: rooms where things happen. They never know each other: what one wants from
	// another goes through the store, and so survives a crash.
	"internal/smtpd":  {"internal/message", "internal/seal"},
	"internal/portal": {"internal/message", "internal/auth", "internal/seal", "internal/store", "internal/extract", "internal/locale"},
	"internal/queue":  {"internal/message", "internal/store"},
	"internal/gateway": {
		"internal/message", "internal/auth", "internal/extract", "internal/classify", "internal/policy", "internal/seal", "internal/locale",
		"internal/store", "internal/relay", "internal/notify", "internal/sms", "internal/sandbox",
	},

	// L2: the one durable thing, and the ways out.
	"internal/store":           {"internal/message", "internal/auth", "internal/seal"},
	"internal/store/postgres":  {"internal/store", "internal/message", "internal/auth", "internal/seal", "migrations"},
	"internal/store/sqlite":    {"internal/store", "internal/message", "internal/auth", "internal/seal", "migrations"},
	"internal/store/storetest": {"internal/store", "internal/message", "internal/auth", "internal/seal", "internal/seal/sealtest"},
	"internal/relay":           {"internal/message"},
	"internal/notify":          {"internal/message", "internal/locale"},
	"internal/sms":             {"internal/message"},
	"internal/sandbox":         {"internal/extract", "internal/extract/pdf", "internal/extract/ocr", "internal/message"},

	// L1: pure engines: no network, no SQL.
	"internal/extract":  {"internal/message", "internal/extract/pdf", "internal/extract/ocr"},
	"internal/classify": {"internal/message", "internal/extract", "internal/classify/match", "internal/classify/eight"},
	"internal/policy":   {"internal/message", "internal/extract", "internal/extract/pdf", "internal/classify", "internal/yamlfile", "policies"},
	"internal/auth":     {"internal/message"},
	"internal/seal":     {"internal/seal/internal/permit"},
	"internal/locale":   {},

	// L0.
	"internal/extract/pdf":    {},                          // the text of PDF files, by PDFium as WebAssembly
	"internal/extract/ocr":    {},                          // the text in pictures, by tesseract
	"internal/classify/eight": {},                          // eight bytes of text at once
	"internal/classify/match": {"internal/classify/eight"}, // many phrases and expressions in one pass; knows no mail
	"internal/message":        {},
	"internal/yamlfile":       {},
	"internal/config":         {"internal/yamlfile"},
	"docs":                    {},
	"migrations":              {},
	"policies":                {},

	// For tests only.
	"internal/testkit":              {"internal/message", "internal/seal", "internal/store", "internal/sms"},
	"internal/testkit/hostile":      {"internal/extract"},
	"internal/testkit/drawn":        {},
	"internal/seal/sealtest":        {"internal/seal", "internal/seal/internal/permit"},
	"internal/seal/internal/permit": {},
}

// forbidden outside packages, with the reason.
var forbidden = []struct{ from, prefix, why string }{
	{"internal/message", "database/sql", "rules are read and tested without a database"},
	{"internal/message", "net/http", "a message knows no web"},
	{"internal/message", "net/smtp", "a message knows no protocol"},
	{"internal/policy", "net/http", "policies are pure"},
	{"internal/classify", "net/http", "classifying is pure"},
	{"internal/extract", "net/http", "hostile content reaches no network"},
	{"internal/extract", "os/exec", "what opens hostile content starts no program"},
	{"internal/extract/ocr", "net", "hostile content reaches no network"},
	{"internal/gateway", "database/sql", "SQL lives in the two drivers"},
	{"internal/portal", "database/sql", "SQL lives in the two drivers"},
}

// testOnly must not be linked into the program.
var testOnly = []string{"internal/testkit", "internal/testkit/hostile", "internal/testkit/drawn", "internal/seal/sealtest", "internal/store/storetest"}

type pkg struct {
	ImportPath string
	Imports    []string
}

// goList reads the real import graph of the module, without tests.
func goList(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "sigill/...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(out); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImports(t *testing.T) {
	t.Parallel()
	all := goList(t)
	if len(all) < 20 {
		t.Fatalf("only %d packages found", len(all))
	}
	for _, p := range all {
		room := strings.TrimPrefix(p.ImportPath, "sigill/")
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s is not in the table: every room has its place in the house", room)
			continue
		}
		for _, imp := range p.Imports {
			checkImport(t, room, imp, allowed)
		}
	}
}

func checkImport(t *testing.T, room, imp string, allowed []string) {
	t.Helper()
	ours, isOurs := strings.CutPrefix(imp, "sigill/")
	if isOurs {
		if slices.Contains(testOnly, ours) && !slices.Contains(testOnly, room) {
			t.Errorf("%s imports %s, which is for tests only", room, ours)
		}
		if !slices.Contains(allowed, "*") && !slices.Contains(allowed, ours) {
			t.Errorf("%s must not import %s", room, ours)
		}
		return
	}
	for _, f := range forbidden {
		if f.from == room && strings.HasPrefix(imp, f.prefix) {
			t.Errorf("%s must not import %s: %s", room, imp, f.why)
		}
	}
}
