package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/yamlfile"
)

// least is the shortest file that is accepted.
const least = `organisation:
  name: Example
  domains: [example.test]
  responsible: it@example.test
smtp:
  hostname: gateway.example.test
  networks: [127.0.0.1]
relay:
  next_hop: smtp://mail.example.test
portal:
  base_url: https://secure.example.test/
`

func noEnvironment(string) (string, bool) { return "", false }

func TestParseFillsDefaults(t *testing.T) {
	t.Parallel()
	c, err := parse("f", []byte(least), noEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string][2]any{
		"id":           {c.Organisation.ID, "main"},
		"language":     {c.Organisation.Language, English},
		"zone":         {c.Organisation.Location(), time.UTC},
		"listen":       {c.SMTP.Listen[0], ":25"},
		"size":         {c.SMTP.Limits.Size.String(), "150MB"},
		"recipients":   {c.SMTP.Limits.Recipients, 1000},
		"network":      {c.SMTP.Networks[0].CIDR.String(), "127.0.0.1/32"},
		"foreign":      {c.SMTP.Networks[0].Foreign, RefuseForeign},
		"next hop":     {c.Relay.NextHop.Address(), "mail.example.test:25"},
		"tls":          {c.Relay.NextHop.TLS, TLSRequired},
		"inbound":      {c.Relay.Inbound.IsZero(), true},
		"hello":        {c.Relay.Hello, "gateway.example.test"},
		"expire":       {c.Relay.Expire.String(), "2d"},
		"from":         {c.Notices.From, "secure-mail@example.test"},
		"bounces":      {c.Notices.BounceDomain, "example.test"},
		"payloads":     {c.Store.Payloads.In, InDir},
		"payloads dir": {c.Store.Payloads.Dir, "/var/lib/sigill/payloads"},
		"base":         {c.Portal.BaseURL, "https://secure.example.test"},
		"idle":         {c.Portal.SessionIdle.String(), "30m"},
		"mode":         {c.Policy.Mode, Enforce},
		"link":         {c.Messages.Link.String(), "30d"},
		"hold":         {c.Messages.Hold.String(), "5d"},
		"reminders":    {fmt.Sprint(c.Messages.HoldReminders), "[4h 1d 3d]"},
		"code":         {c.Codes.Life.String(), "10m"},
		"sms":          {c.SMS.Provider, NoSMS},
		"country":      {c.SMS.DefaultCountry, "SE"},
		"addresses":    {c.Log.Addresses, false},
	}
	for name, fact := range facts {
		if !reflect.DeepEqual(fact[0], fact[1]) {
			t.Errorf("%s is %v, want %v", name, fact[0], fact[1])
		}
	}
}

// TestDefaultNamesWhatIsRequired shows what only the administrator can know, and nothing else.
func TestDefaultNamesWhatIsRequired(t *testing.T) {
	t.Parallel()
	_, err := parse("f", nil, noEnvironment)
	all, isErrors := err.(yamlfile.Errors) //nolint:errorlint // the documented type itself
	if !isErrors {
		t.Fatalf("got %v", err)
	}
	var keys []string
	for _, one := range all {
		keys = append(keys, one.Key)
	}
	want := []string{
		"organisation.name", "organisation.domains", "organisation.responsible", "smtp.hostname", "smtp.networks",
		"relay.next_hop", "portal.base_url",
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// TestBadFiles reads every file of testdata/bad and holds the whole error, but for the file's name, against its first
// line. Several errors are divided by " | ".
func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	environment := func(name string) (string, bool) {
		value, found := map[string]string{"SHORT": "short", "NOT_A_URL": "canary"}[name]
		return value, found
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(data), "\n")
			want := strings.TrimPrefix(first, "# ")
			_, err = parse("f", data, environment)
			if err == nil {
				t.Fatalf("accepted, want %s", want)
			}
			got := strings.ReplaceAll(placeOf.ReplaceAllString(err.Error(), ""), "\n", " | ")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(got, "canary") {
				t.Error("the error quotes a secret")
			}
		})
	}
}

// placeOf is the file's name at the beginning of each error.
var placeOf = regexp.MustCompile(`(?m)^f: ?`)

// FuzzParse looks for panics, and for an accepted file that Validate refuses.
func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	for _, seed := range []string{"", "smtp: {networks: [::1, 10.0.0.0/8, {cidr: ::/0}]}", "relay: {next_hop: 'smtps://[::1]:0'}", "store: {url: '${A}${'}", "messages: {hold_reminders: [1h]}"} {
		f.Add([]byte(least + seed))
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse("f", data, noEnvironment)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("accepted, then refused: %v", err)
		}
		if _, _, err := net.SplitHostPort(c.Relay.NextHop.Address()); err != nil {
			t.Errorf("next hop %q: %v", c.Relay.NextHop.URL, err)
		}
	})
}

func TestLoadReadsSecretsAndResolvesPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "guard", "0123456789abcdef\r\n")
	write(t, dir, "dsn", "postgres://u:canary@h/d\n")
	write(t, dir, "c.yaml", strings.Replace(least, "networks: [127.0.0.1]", "networks: [{cidr: 40.92.0.0/15, guard: {header: X-Guard, secret_file: guard}}]", 1)+
		"store: {driver: postgres, url_file: dsn, keyring: /etc/ring}\ndkim: {domain: example.test, selector: s, key_file: keys/dkim.pem}\n")
	c, err := Load(filepath.Join(dir, "c.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.SMTP.Networks[0].Guard.Secret.Reveal(); got != "0123456789abcdef" {
		t.Errorf("guard %q", got)
	}
	if got := c.Store.URL.Reveal(); got != "postgres://u:canary@h/d" || c.Store.Payloads.In != InDatabase {
		t.Errorf("url %q, payloads in %s", got, c.Store.Payloads.In)
	}
	if c.DKIM.KeyFile != filepath.Join(dir, "keys/dkim.pem") || c.Store.Keyring != "/etc/ring" {
		t.Errorf("paths %s, %s", c.DKIM.KeyFile, c.Store.Keyring)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "empty", "\n")
	write(t, dir, "lines", "canary\nb\n")
	write(t, dir, "long", strings.Repeat("a", maxSecret+1))
	write(t, dir, "short", "canary")
	guarded := func(file string) string {
		return strings.Replace(least, "networks: [127.0.0.1]", "networks:\n  - {cidr: 10.0.0.0/8, guard: {header: X-G, secret_file: "+file+"}}", 1)
	}
	const key = "8:45: smtp.networks[0].guard.secret_file: "
	tests := []struct{ name, text, want string }{
		{"missing secret", guarded("absent"), key + "open DIR/absent: no such file or directory"},
		{"empty secret", guarded("empty"), key + "DIR/empty is empty"},
		{"two lines", guarded("lines"), key + "DIR/lines holds more than one line"},
		{"long secret", guarded("long"), key + "DIR/long is longer than 64KB"},
		{"short secret", guarded("short"), "8:24: smtp.networks[0].guard.secret: must be at least 16 letters and digits chosen by chance"},
		{"url", least + "store: {driver: postgres, url_file: short}", "12:1: store.url: must begin with postgres://"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
			write(t, dir, filepath.Base(path), tt.text)
			_, err := Load(path)
			if err == nil {
				t.Fatal("accepted")
			}
			got := strings.ReplaceAll(strings.TrimPrefix(err.Error(), path+":"), dir, "DIR")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Load(filepath.Join(dir, "absent.yaml")); err == nil || !strings.HasPrefix(err.Error(), "read configuration: open ") {
		t.Errorf("got %v", err)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	text := least + "store: {driver: postgres, url: 'postgres://u:${PASSWORD}@h/${NAME}'}\n"
	c, err := parse("f", []byte(text), func(name string) (string, bool) { return "<" + name + ": ${X}>", true })
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Store.URL.Reveal(); got != "postgres://u:<PASSWORD: ${X}>@h/<NAME: ${X}>" {
		t.Errorf("got %q: a value must not be expanded again", got)
	}
}

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	secret := NewSecret("canary")
	holder := struct {
		S Secret
		P *Secret
	}{secret, &secret}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", secret, "h", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", secret, "h", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{log.String(), string(encoded), secret.String(), fmt.Errorf("x %v", secret).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		shown = append(shown, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &holder))
	}
	for _, text := range shown {
		if strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
			t.Errorf("shown in %s", text)
		}
	}
	if !strings.Contains(log.String(), redacted) || secret.Reveal() != "canary" || (Secret{}).String() != "" {
		t.Error("the secret is lost")
	}
}

var commented = regexp.MustCompile(`(?m)^( *)#([^ \n])`)

// TestSample proves that the sample loads, that everything commented out in it decodes, that it names every key there
// is, and that what it shows as a default is one.
func TestSample(t *testing.T) {
	t.Parallel()
	const path = "../../deploy/sigill.yaml"
	if _, err := Load(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var whole Config
	places, err := yamlfile.DecodePositions(path, commented.ReplaceAll(data, []byte("$1$2")), &whole)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, key := range keys(reflect.TypeFor[Config](), "") {
		name := last(key)
		if !places.Has(key) && !strings.Contains(text, "or "+name+": ${") && !strings.Contains(key, "networks[].") && !strings.HasPrefix(key, "relay.next_hop.") {
			t.Errorf("the sample does not mention %s", key)
		}
		if !strings.Contains(text, name+":") {
			t.Errorf("the sample does not mention %s", name)
		}
	}
	fresh := Default()
	for name, pair := range map[string][2]any{
		"limits": {whole.SMTP.Limits, fresh.SMTP.Limits}, "messages": {whole.Messages, fresh.Messages}, "codes": {whole.Codes, fresh.Codes},
		"scan": {whole.Scan, fresh.Scan}, "admin": {whole.Admin, fresh.Admin}, "log": {whole.Log, fresh.Log}, "retry": {whole.Relay.Retry, fresh.Relay.Retry},
		"relay": {whole.Relay.Expire, fresh.Relay.Expire}, "countries": {whole.SMS.Countries, fresh.SMS.Countries}, "idle": {whole.Portal.SessionIdle, fresh.Portal.SessionIdle},
		"store": {whole.Store.MinFreePercent, fresh.Store.MinFreePercent}, "over": {whole.Store.Payloads.Over, fresh.Store.Payloads.Over},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s is not shown as its default: %s", name, diff)
		}
	}
}

// keys lists the dotted path of every key of a struct; lists add [].
func keys(t reflect.Type, path string) []string {
	var list []string
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at := strings.TrimPrefix(path+"."+tag, ".")
		kind := f.Type
		switch {
		case !f.IsExported() || tag == "-":
			continue
		case options == "inline":
			list = append(list, keys(kind, path)...)
			continue
		case kind.Kind() == reflect.Slice && kind.Elem() == reflect.TypeFor[Network]():
			list = append(list, keys(kind.Elem(), at+"[]")...)
		}
		if kind.Kind() == reflect.Struct && kind != reflect.TypeFor[Secret]() {
			list = append(list, keys(kind, at)...)
			continue
		}
		list = append(list, at)
	}
	return list
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
