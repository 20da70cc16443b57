//go:build !linux

package app

func clockHeld() held { return heldUnknown }
