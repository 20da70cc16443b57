package app

import (
	"testing"

	"sigill/internal/config"
)

// TestLoadPolicyFor holds that the policy that comes with the program takes the
// organisation's own domains from the configuration, and passes its tests with them.
func TestLoadPolicyFor(t *testing.T) {
	t.Parallel()
	var cfg config.Config
	plain, err := LoadPolicyFor(t.Context(), &cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Organisation.Domains = []string{"kommun.example"}
	own, err := LoadPolicyFor(t.Context(), &cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	if plain.ID() == own.ID() {
		t.Error("the own domains are no part of the policy's id")
	}
}
