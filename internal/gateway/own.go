package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// What our keyed MACs are for: one purpose can never stand in for another.
const (
	macBounce   = "bounce address"
	macOwn      = "own mail"
	macReceived = "received"
	macFill     = "received, filling" // of marks that stand for nobody
)

// ownField marks mail that we wrote, so that a set-up which brings it back to us does
// not have it classified. It counts only with a valid MAC.
const ownField = "Sigill-Own"

// bouncePrefix opens the local part of our envelope senders: b+ID.MAC@own domain.
const bouncePrefix = "b+"

var tagEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// bounceAddress is the envelope sender of the mail that we write about a message.
func (g *Gateway) bounceAddress(id message.ID, recipient int) message.Address {
	ref := string(id) + recipientTag(recipient)
	tag := tagEncoding.EncodeToString(g.o.Ring.MAC(macBounce, []byte(ref)))
	a, err := message.ParseAddress(bouncePrefix + ref + "." + tag + "@" + g.o.BounceDomain)
	if err != nil { // only when the configured address has no domain, which app refuses
		return message.Address{}
	}
	return a
}

// recipientTag packs the index of a recipient into the local part: -3, or nothing for
// the whole message.
func recipientTag(recipient int) string {
	if recipient == message.All {
		return ""
	}
	return "-" + strconv.Itoa(recipient)
}

// bounceRef is what one of our envelope senders refers to.
type bounceRef struct {
	id        message.ID
	recipient int
}

// parseBounce reads an address that we made. Anything else, and anything forged, is not
// one of ours.
func (g *Gateway) parseBounce(a message.Address) (bounceRef, bool) {
	rest, ok := strings.CutPrefix(strings.ToLower(a.Local()), bouncePrefix)
	if !ok || a.Domain() != g.o.BounceDomain {
		return bounceRef{}, false
	}
	ref, tag, ok := strings.Cut(rest, ".")
	if !ok {
		return bounceRef{}, false
	}
	mac, err := tagEncoding.DecodeString(tag)
	if err != nil || !g.o.Ring.VerifyMAC(mac, macBounce, []byte(ref)) {
		return bounceRef{}, false
	}
	name, index, has := strings.Cut(ref, "-")
	id, err := message.ParseID(name)
	if err != nil {
		return bounceRef{}, false
	}
	if !has {
		return bounceRef{id, message.All}, true
	}
	n, err := strconv.Atoi(index)
	return bounceRef{id, n}, err == nil
}

// ownMark is the value of our field: the message it is about, and a MAC over what the
// mail is: its recipient, every field that we wrote, and its body.
func (g *Gateway) ownMark(id message.ID, h *extract.Header, to message.Address, bodyHash []byte) string {
	mac := g.o.Ring.MAC(macOwn, []byte(id), []byte(to.Key()), fieldsHash(h), bodyHash)
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// addedOnTheWay are the fields that servers put in front of a mail, and that no mail
// program shows as its content. Any other field that is added, changed or taken out makes
// the mail an ordinary one.
var addedOnTheWay = []string{
	"received", "return-path", "delivered-to", "dkim-signature", "authentication-results", "received-spf",
	strings.ToLower(ownField),
}

// fieldsHash is the SHA-256 of the fields of a mail, in any order.
func fieldsHash(h *extract.Header) []byte {
	var lines []string
	for _, f := range h.Fields {
		name := strings.ToLower(f.Name)
		if slices.Contains(addedOnTheWay, name) || strings.HasPrefix(name, "arc-") || strings.HasPrefix(name, "x-ms-exchange-") {
			continue
		}
		lines = append(lines, name+":"+strings.Join(strings.Fields(f.Value), " "))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return sum[:]
}

// isOwn says whether a mail is one that we wrote, unchanged, to this one recipient.
func (g *Gateway) isOwn(env message.Envelope, h *extract.Header, bodyHash []byte) bool {
	value := h.Get(ownField)
	if _, back := g.parseBounce(env.From); value == "" || len(env.To) != 1 || !back && !env.From.IsNull() {
		return false
	}
	id, tag, ok := strings.Cut(strings.TrimSpace(value), ".")
	mac, err := base64.RawURLEncoding.DecodeString(tag)
	if !ok || err != nil {
		return false
	}
	return g.o.Ring.VerifyMAC(mac, macOwn, []byte(id), []byte(env.To[0].Address.Key()), fieldsHash(h), bodyHash)
}

// afterHeader returns what follows the empty line that ends the header.
func afterHeader(raw []byte) []byte {
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[i+4:]
	}
	return nil
}
