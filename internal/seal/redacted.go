package seal

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is embedded in every handle that holds key bytes: whatever verb or
// logger meets the handle prints this instead of its fields.
type redacted struct{}

const redactedText = "[sealed]"

// Format implements fmt.Formatter for every verb.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedText) }

// LogValue implements slog.LogValuer.
func (redacted) LogValue() slog.Value { return slog.StringValue(redactedText) }
