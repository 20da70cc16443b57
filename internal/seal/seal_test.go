package seal_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
)

// vectors reads testdata/vectors.txt: what was sealed once must open for ever.
func vectors(t *testing.T) map[string][]byte {
	t.Helper()
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := map[string][]byte{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		raw, err := hex.DecodeString(value)
		if err != nil {
			raw = []byte(value) // the key id
		}
		v[name] = raw
	}
	return v
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v, k := vectors(t), fixedRing(t)
	p, err := k.Unwrap("org", "message", seal.Wrapped{KeyID: string(v["key-id"]), Blob: v["wrap"]})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(p, v["sealed"]); err != nil || !bytes.Equal(got, v["plain"]) {
		t.Errorf("payload: %q, %v", got, err)
	}
	c, err := k.UnwrapColumnKey("org", "2026-11", seal.Wrapped{KeyID: string(v["key-id"]), Blob: v["column-wrap"]})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Open(v["column-sealed"], "messages/1"); err != nil || !bytes.Equal(got, v["column-plain"]) {
		t.Errorf("column: %q, %v", got, err)
	}
	for _, other := range [][2]string{{"org", "other"}, {"other", "message"}, {"orgm", "essage"}} {
		if _, err := k.Unwrap(other[0], other[1], seal.Wrapped{KeyID: string(v["key-id"]), Blob: v["wrap"]}); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("the wrap opens for %v: %v", other, err)
		}
	}
}

func TestSizesRoundTrip(t *testing.T) {
	t.Parallel()
	k := sealtest.Keyring(t)
	for _, size := range []int{0, 1, 4095, 4096, 4097, 8192, 255 << 10, 256 << 10, 300 << 10, 1 << 20} {
		p, w := newPayload(t, k, int64(size))
		plain := body(size)
		s := sealed(t, p, plain)
		if size > 64 && bytes.Contains(s, plain[:64]) {
			t.Fatalf("%d: in clear", size)
		}
		again, err := k.Unwrap("org", "message", w)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := open(again, s); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d octets came back as %d: %v", size, len(got), err)
		}
	}
}

// Wherever sealed data is cut, changed or shuffled, the reader says so before its end.
func TestDamageIsNoticed(t *testing.T) {
	t.Parallel()
	k := sealtest.Keyring(t)
	p, _ := newPayload(t, k, 20_000)
	plain := body(20_000)
	whole := sealed(t, p, plain)
	check := func(what string, s []byte) {
		t.Helper()
		if got, err := open(p, s); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %d octets and %v", what, len(got), err)
		}
	}
	for cut := 0; cut < len(whole); cut += 509 {
		check(fmt.Sprintf("cut at %d", cut), whole[:cut])
	}
	for seg := 4096; seg < len(whole); seg += 4096 {
		check(fmt.Sprintf("cut at the segment %d", seg), whole[:seg])
	}
	for at := 0; at < len(whole); at += 997 {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		check(fmt.Sprintf("bit at %d", at), bad)
	}
	swapped := bytes.Clone(whole)
	copy(swapped[4096:8192], whole[8192:12288])
	copy(swapped[8192:12288], whole[4096:8192])
	check("swapped segments", swapped)
	check("something behind", append(bytes.Clone(whole), 0))
	other, _ := newPayload(t, k, 20_000)
	if _, err := open(other, whole); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another message's key: %v", err)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	k := sealtest.Keyring(t)
	c, w, err := k.NewColumnKey("org", "2026-11")
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Seal([]byte("karin@ekman.example"), "messages/1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.UnwrapColumnKey("org", "2026-11", w)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(s, "messages/1"); err != nil || string(got) != "karin@ekman.example" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := again.Open(s, "messages/2"); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another row: %v", err)
	}
	if _, err := k.UnwrapColumnKey("org", "2026-12", w); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another month: %v", err)
	}
	second, err := c.Seal([]byte("karin@ekman.example"), "messages/1")
	if err != nil || bytes.Equal(s, second) {
		t.Errorf("equal columns look equal: %v", err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ring")
	k, err := seal.CreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.LoadKeyring(path) // another process
	if err != nil {
		t.Fatal(err)
	}
	p, w := newPayload(t, k, 10)
	s := sealed(t, p, []byte("0123456789"))
	before, mac := k.Hash("address", "a@b"), k.MAC("x", []byte("y"))
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh, moved, err := k.Rewrap("org", "message", w)
	if err != nil || !moved || fresh.KeyID == w.KeyID {
		t.Fatalf("rewrap: %v, %v", moved, err)
	}
	if _, moved, _ := k.Rewrap("org", "message", fresh); moved {
		t.Error("rewrapped twice")
	}
	for name, ring := range map[string]*seal.Keyring{"own": k, "other process": other} {
		q, err := ring.Unwrap("org", "message", fresh)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := open(q, s); err != nil || string(got) != "0123456789" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	hashes := k.Hashes("address", "a@b")
	if len(hashes) != 2 || !bytes.Equal(hashes[1], before) || bytes.Equal(hashes[0], before) {
		t.Error("both versions must answer, the newest first")
	}
	if !k.VerifyMAC(mac, "x", []byte("y")) || k.VerifyMAC(mac, "z", []byte("y")) || k.VerifyMAC(mac, "x", nil, []byte("y")) {
		t.Error("a tag is good for its purpose and parts only, over a rotation too")
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ring")
	k, err := seal.CreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := k.Matches(k.ID(), k.KeyIDs(), k.Check()); err != nil {
		t.Error(err)
	}
	if err := sealtest.Keyring(t).Matches(k.ID(), k.KeyIDs(), k.Check()); !errors.Is(err, seal.ErrForeignKeyring) {
		t.Errorf("a foreign ring: %v", err)
	}
	stale, err := seal.LoadKeyring(writeRing(t, old))
	if err != nil {
		t.Fatal(err)
	}
	err = stale.Matches(k.ID(), k.KeyIDs(), k.Check())
	if !errors.Is(err, seal.ErrMissingKeys) || !strings.Contains(err.Error(), k.KeyIDs()[1]) {
		t.Errorf("an old copy must be refused by the name of what it lacks: %v", err)
	}
}

func TestRingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ring")
	if _, err := seal.LoadKeyring(path); !errors.Is(err, seal.ErrNoKeyring) {
		t.Errorf("missing: %v", err)
	}
	if _, err := seal.CreateKeyring(path); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.CreateKeyring(path); err == nil {
		t.Error("a ring was overwritten")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadKeyring(path); !errors.Is(err, seal.ErrPermissions) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": raw[:len(raw)/2], "not JSON": []byte("hello"),
		"changed": bytes.Replace(raw, []byte(`"number": 1`), []byte(`"number": 2`), 1),
	} {
		_, err := seal.LoadKeyring(writeRing(t, bad))
		if !errors.Is(err, seal.ErrGarbled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	k := sealtest.Keyring(t)
	_, w := newPayload(t, k, 1)
	var b bytes.Buffer
	if err := k.ExportQuick(&b, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ring")
	if err := seal.ImportKeyring(path, bytes.NewReader(b.Bytes()), "wrong"); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if err := seal.ImportKeyring(path, bytes.NewReader(b.Bytes()), "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	back, err := seal.LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := back.Unwrap("org", "message", w); err != nil {
		t.Error(err)
	}
	if err := seal.ImportKeyring(path, bytes.NewReader(b.Bytes()), "correct horse battery"); err == nil {
		t.Error("an import overwrote a ring")
	}
}

func TestNothingPrints(t *testing.T) {
	t.Parallel()
	k := fixedRing(t)
	p, _ := newPayload(t, k, 1)
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "ring", k, "key", p)
	fmt.Fprintf(&b, "%v %+v %#v %v %+v %#v", k, k, k, p, p, p)
	for _, secret := range []string{"MzMzMz", "51 51 51 51", "0x33, 0x33, 0x33"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("key bytes as %q", secret)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	k := sealtest.Keyring(t)
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			p, w := newPayload(t, k, 9000)
			plain := body(9000 + n)
			var b bytes.Buffer
			if err := sealInto(&b, p, plain); err != nil {
				t.Error(err)
			}
			if n == 3 {
				if err := k.Rotate(); err != nil {
					t.Error(err)
				}
			}
			q, err := k.Unwrap("org", "message", w)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := open(q, b.Bytes()); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	all.Wait()
}

func TestEphemeral(t *testing.T) {
	t.Parallel()
	e, err := seal.NewEphemeral()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := e.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	plain := body(200_000)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := open(e, b.Bytes()); err != nil || !bytes.Equal(got, plain) {
		t.Error(err)
	}
	other, err := seal.NewEphemeral()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(other, b.Bytes()); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another process opened a spool: %v", err)
	}
}

func TestUnsealedLeavesEverythingInClear(t *testing.T) {
	t.Parallel()
	k := sealtest.Unsealed(t)
	p, _ := newPayload(t, k, 5)
	if !bytes.Contains(sealed(t, p, []byte("canary")), []byte("canary")) {
		t.Error("a control run would prove nothing")
	}
}

func FuzzRing(f *testing.F) {
	raw, err := os.ReadFile("testdata/ring.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := seal.ReparseRing(data)
		if err != nil {
			return
		}
		if _, err := seal.ReparseRing(out); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add(body(5000))
	k := fixedRing(f)
	p, _ := newPayload(f, k, 100)
	f.Add(sealed(f, p, []byte("hello")))
	f.Fuzz(func(t *testing.T, data []byte) {
		other, _ := newPayload(t, k, 100)
		if got, err := open(other, data); err == nil {
			t.Fatalf("%d octets of nonsense opened as %d", len(data), len(got))
		}
	})
}
