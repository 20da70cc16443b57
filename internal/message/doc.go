// Package message says what a message under way is, and every step it may take.
//
// It is pure: no database, no network, no clock of its own. A method takes the
// time, checks that the step is drawn below, changes the message and returns the
// [Effects] (jobs and events) that the store writes in the same transaction.
//
// The states of one recipient, and every step between them with its reason:
//
//	Received --+--> Queued          passes
//	           +--> Sealed          level 1, or level 2 with a known number
//	           `--> Held            level 2, and no number is known
//	Queued ----+--> Delivered       the next hop has it
//	           +--> Deferred        4xx, tried again
//	           +--> Bounced         5xx or too old: notice to the sender
//	           `--> Sealed          proof of TLS failed
//	Deferred --+--> Queued          its time has come
//	           +--> Bounced         too old
//	           `--> Sealed          proof of TLS failed
//	Sealed ----+--> Notified        the notice left
//	           +--> NoticeBounced   the notice was refused
//	           +--> Held            number taken back, or not my number
//	           +--> Expired         the link's time is over
//	           `--> Revoked         by the sender
//	Notified --+--> Opened          by the recipient
//	           +--> NoticeBounced   the notice came back
//	           +--> Held            number taken back, or not my number
//	           +--> Expired         the link's time is over
//	           `--> Revoked         by the sender
//	NoticeBounced
//	           +--> Notified        sent again
//	           +--> Opened          the notice came through all the same
//	           +--> Held            number taken back, or not my number
//	           +--> Expired         the link's time is over
//	           `--> Revoked         by the sender
//	Opened ----+--> Held            not my number
//	           +--> Expired         the link's time is over
//	           `--> Revoked         by the sender
//	Held ------+--> Sealed          number given, or password by mail
//	           +--> Queued          not sensitive, released by who may
//	           +--> Cancelled       by the sender, or the hold ran out
//	           +--> Expired         allowed; a hold that runs out is Cancelled
//	           `--> Revoked         by the sender
//	Cancelled -+--> Held            taken back within the grace
//	           `--> Purged          the grace is over
//	Expired ---+--> Sealed          renewed within the grace
//	           `--> Purged          the grace is over
//	Revoked ---+--> Sealed          taken back within the grace
//	           `--> Purged          the grace is over
//
// Purged means that key and body are gone; the facts stay as events. A test holds
// the drawing against the table of [State].
//
// Level 2 with a known number goes from Received straight to Sealed. A recipient
// that is Delivered, Bounced or Purged is settled; when all are, the payload key of
// the message is destroyed. Any step that is not drawn here is an [ErrStep].
package message
