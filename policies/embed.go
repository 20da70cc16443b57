// Package policies holds the policies that the program brings along. It imports nothing of ours.
package policies

import _ "embed"

// Default is the standard policy, default.yaml.
//
//go:embed default.yaml
var Default []byte
