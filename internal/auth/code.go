package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"math/big"
	"strings"
	"time"
	"unicode"

	"sigill/internal/message"
)

// Code is a one-time code in clear. It exists from its making to its sending only.
type Code string

// LogValue keeps codes out of logs.
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }

const (
	digitAlphabet  = "0123456789"
	letterAlphabet = "abcdefghjkmnpqrstuvwxyz23456789" // without i l o 0 1
	markLetters    = "ABCDEFGHJKMNPRSTUVWXYZ"          // without I L O Q
	markDigits     = "23456789"

	smsDigits  = 6
	mailLength = 12
)

// newCode makes a code for a way of proof: six digits by SMS, else twelve letters
// and digits.
func newCode(method message.Level) Code {
	if method == message.Level2 {
		return Code(randomText(digitAlphabet, smsDigits))
	}
	return Code(randomText(letterAlphabet, mailLength))
}

// newMark makes the reference by which a person tells two codes apart: B7.
func newMark() string { return randomText(markLetters, 1) + randomText(markDigits, 1) }

func randomText(alphabet string, n int) string {
	var b strings.Builder
	most := big.NewInt(int64(len(alphabet)))
	for range n {
		i, err := rand.Int(rand.Reader, most)
		if err != nil { // crypto/rand does not fail since Go 1.24
			panic("auth: no randomness: " + err.Error())
		}
		b.WriteByte(alphabet[i.Int64()])
	}
	return b.String()
}

// cleanCode takes out what people and programs put into a copied code: white space,
// hyphens, invisible characters; and folds its case.
func cleanCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '-' || r == '‑' {
			return -1
		}
		return unicode.ToLower(r)
	}, typed)
}

// Challenge is one code that was asked for. The code itself is not kept.
type Challenge struct {
	Mark   string        `json:"mark"`
	Method message.Level `json:"method"`
	Salt   []byte        `json:"salt,omitempty"`
	Hash   []byte        `json:"hash,omitempty"` // empty until the code was made
	Asked  time.Time     `json:"asked"`
	Ends   time.Time     `json:"ends"`
	Tries  int           `json:"tries"`
	Used   bool          `json:"used,omitempty"`
}

func (c *Challenge) set(code Code) {
	c.Salt = make([]byte, 16)
	_, _ = rand.Read(c.Salt) // never fails since Go 1.24
	c.Hash = codeHash(c.Salt, string(code))
}

func (c *Challenge) matches(typed string) bool {
	return len(c.Hash) > 0 && subtle.ConstantTimeCompare(codeHash(c.Salt, cleanCode(typed)), c.Hash) == 1
}

func codeHash(salt []byte, code string) []byte {
	h := hmac.New(sha256.New, salt)
	h.Write([]byte(code))
	return h.Sum(nil)
}
