// Package config reads one file, fills defaults, refuses what is wrong.
//
// Every field either has a value that is safe to leave out or is required, and every refusal names the key, its place in
// the file and what to do. Secrets come from files (keys that end in _file) or from the environment (${NAME}, expanded
// after the file was parsed, so that a value can never become structure). Paths are relative to the file they stand in.
//
// One file describes one organisation. The rest of the gateway takes its settings as plain arguments: only package app
// imports this one.
package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sigill/internal/yamlfile"
)

// Config is the whole file, one field per section.
type Config struct {
	Organisation Organisation `yaml:"organisation"`
	SMTP         SMTP         `yaml:"smtp"`
	Relay        Relay        `yaml:"relay"`
	DKIM         DKIM         `yaml:"dkim"`
	Notices      Notices      `yaml:"notices"`
	Store        Store        `yaml:"store"`
	Portal       Portal       `yaml:"portal"`
	Admin        Admin        `yaml:"admin"`
	Policy       Policy       `yaml:"policy"`
	Scan         Scan         `yaml:"scan"`
	Messages     Messages     `yaml:"messages"`
	Codes        Codes        `yaml:"codes"`
	SMS          SMS          `yaml:"sms"`
	Log          Log          `yaml:"log"`

	places yamlfile.Positions
}

// Default is what a file starts from. It is not complete: Validate names what only the administrator can know.
func Default() *Config {
	return &Config{
		Organisation: Organisation{ID: "main", Language: English, Timezone: "UTC"},
		SMTP:         defaultSMTP(),
		Relay:        defaultRelay(),
		Store:        defaultStore(),
		Portal:       defaultPortal(),
		Admin:        Admin{Listen: "127.0.0.1:9025"},
		Policy:       Policy{Mode: Enforce},
		Scan:         defaultScan(),
		Messages:     defaultMessages(),
		Codes:        defaultCodes(),
		SMS:          defaultSMS(),
		Log:          Log{Level: "info", Format: JSON},
	}
}

// Load reads, completes and checks the file at path, and reads the secrets that it names. In the result every path is
// absolute or relative to the working directory, never to the file.
func Load(path string) (*Config, error) {
	data, err := readFile(path, yamlfile.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	c.resolve(filepath.Dir(path))
	if err := c.readSecrets(); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil { // again, now that the secrets are known
		return nil, err
	}
	return c, nil
}

// Parse completes and checks the text of a file; name stands for it in errors. It opens no other file, so secrets named
// by a _file key are still empty, and paths are as they were written.
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, data, os.LookupEnv)
}

func parse(name string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	c := Default()
	places, err := yamlfile.DecodePositions(name, data, c)
	c.places = places
	if err != nil {
		return nil, err
	}
	if err := c.expand(lookup); err != nil {
		return nil, err
	}
	c.Fill()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// Fill completes what follows from other fields. Load and Parse do it; a Config that was put together by hand needs it
// before Validate.
func (c *Config) Fill() {
	c.Relay.fill(c.SMTP.Hostname)
	c.Notices.fill(c.Organisation)
	c.Store.fill()
	c.Portal.fill()
	c.SMS.fill(c.Organisation.Language)
}

// Validate reports everything that is wrong, each with its key and what to do about it, as yamlfile.Errors.
func (c *Config) Validate() error {
	check := &checker{places: c.places}
	c.Organisation.validate(check)
	c.SMTP.validate(check)
	c.Relay.validate(check, c.SMTP.Hostname)
	c.DKIM.validate(check, c.Notices.From)
	c.Notices.validate(check, c.Organisation)
	c.Store.validate(check)
	c.Portal.validate(check)
	check.listen("admin.listen", c.Admin.Listen)
	c.Policy.validate(check)
	c.Scan.validate(check)
	c.Messages.validate(check)
	c.Codes.validate(check)
	c.SMS.validate(check)
	c.Log.validate(check)
	return check.problems.Err()
}

// resolve makes paths that are relative to the file relative to the working directory.
func (c *Config) resolve(dir string) {
	paths := []*string{
		&c.SMTP.TLS.Cert, &c.SMTP.TLS.Key, &c.SMTP.Auth.UsersFile, &c.SMTP.SpoolDir, &c.DKIM.KeyFile, &c.Store.Path,
		&c.Store.Payloads.Dir, &c.Store.Keyring, &c.Portal.TLS.Cert, &c.Portal.TLS.Key, &c.Policy.File, &c.SMS.File.Path,
		&c.Relay.NextHop.CAFile, &c.Relay.Inbound.CAFile, &c.SMTP.TLS.ClientCA,
	}
	for _, pair := range c.secrets() {
		paths = append(paths, pair.file)
	}
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
}

// readFile reads a file that must not be longer than most bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s is longer than %s", path, yamlfile.Size(most))
	}
	return data, nil
}
