// Package permit holds the pass that seal asks for before it hands out keys that
// do not seal. Only packages below internal/seal can import it, so sealtest is the
// one that can show it: no configuration and no wiring reaches the unsealed mode.
package permit

// Unsealed is the pass. Its hidden field keeps other packages from writing a value
// of the same shape.
type Unsealed struct{ _ struct{} }
