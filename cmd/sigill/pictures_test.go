package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigill/internal/testkit/drawn"
	"sigill/policies"
)

// TestCheckPictures reads a scanned page by hand, and without being asked to does not.
func TestCheckPictures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeData(t, dir, "skan.pdf", drawn.PDF(t, drawn.Text(t, 40, "Hej Anna,", "patientens personnummer:", "890102-2387")))
	file := filepath.Join(dir, "skan.pdf.eml")
	patient := filepath.Join(dir, "patient.yaml") // a busy machine is no finding
	if err := os.WriteFile(patient, bytes.Replace(policies.Default, []byte("time: 10s"), []byte("time: 5m"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"read", []string{"--ocr"}, exitDone, "level2"},
		{"in one language", []string{"--ocr-languages", "swe"}, exitDone, "skan.pdf!page[1]!ocr"},
		{"not read", nil, exitDone, "image_only"},
		{"no such language", []string{"--ocr-languages", "tlh"}, exitFailure, "install tesseract-ocr-tlh"},
	} {
		var out, errOut bytes.Buffer
		code := run(append(append([]string{"check", "--json", "--policy", patient}, test.args...), file), strings.NewReader(""), &out, &errOut)
		if code != test.code || !strings.Contains(out.String()+errOut.String(), test.want) {
			t.Errorf("%s: exit %d, no %q in %s%s", test.name, code, test.want, out.String(), errOut.String())
		}
	}
}
