// Package message says what a message under way is, and every step it may take.
//
// It is pure: no database, no network, no clock of its own. A method takes the
// time, checks that the step is drawn below, changes the message and returns the
// [Effects] (jobs and events) that the store writes in the same transaction.
//
// The states of one recipient, and the steps between them:
//
//	Received -- Pass ----> Queued ----> Delivered
//	    |                  |  ^  |  \
//	    |                  v  |  |   `--> Bounced          5xx or too old: notice to the sender
//	    |                Deferred`--> Bounced
//	    |                    |
//	    |                    v   proof of TLS failed (from Queued too)
//	    +---- Level1 ----> Sealed ----> Notified ----> Opened
//	    |                  ^   |          | |  ^         |
//	    |          number  |   |          | |  `------.  |
//	    |          given   |   v          | `--> NoticeBounced
//	    +---- Level2 ----> Held <---------'       number taken back, not my number
//	                       |  |  \
//	                       |  |   `--> Queued     not sensitive, released by who may
//	                       |  `--> Cancelled      by the sender, or the hold ran out
//	                       |           |
//	                       |           `--> Held  taken back within the grace
//	                       v
//	          Expired, Revoked                    from Sealed, Notified, NoticeBounced, Opened, Held
//	             |         |
//	             |         `--> Sealed            renewed or taken back within the grace
//	             v
//	          Purged                              key and body gone, facts stay as events; final
//
// Level 2 with a known number goes from Received straight to Sealed. A recipient
// that is Delivered, Bounced or Purged is settled; when all are, the payload key of
// the message is destroyed. Any step that is not drawn here is an [ErrStep].
package message
