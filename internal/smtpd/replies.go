package smtpd

import "sigill/internal/message"

// What the door itself says (RFC 5321 4.2, RFC 3463).
var (
	replyOK        = message.Reply{Code: 250, Status: "2.0.0", Text: "OK"}
	replySender    = message.Reply{Code: 250, Status: "2.1.0", Text: "Sender OK"}
	replyRecipient = message.Reply{Code: 250, Status: "2.1.5", Text: "Recipient OK"}
	replyBye       = message.Reply{Code: 221, Status: "2.0.0", Text: "Bye"}
	replyVerify    = message.Reply{Code: 252, Status: "2.5.0", Text: "Cannot verify, but will take the message and try"}
	replyHelp      = message.Reply{Code: 214, Status: "2.0.0", Text: "This server speaks RFC 5321"}
	replyStart     = message.Reply{Code: 354, Text: "Start mail input; end with <CRLF>.<CRLF>"}
	replyStartTLS  = message.Reply{Code: 220, Status: "2.0.0", Text: "Ready to start TLS"}
	replyAuthOK    = message.Reply{Code: 235, Status: "2.7.0", Text: "Authentication successful"}

	replyTimeout    = message.Reply{Code: 421, Status: "4.4.2", Text: "Timeout, closing the connection"}
	replyClosing    = message.Reply{Code: 421, Status: "4.3.2", Text: "Shutting down, please try again later"}
	replyCrowd      = message.Reply{Code: 421, Status: "4.7.0", Text: "Too many connections, please try again later"}
	replyEnough     = message.Reply{Code: 421, Status: "4.3.2", Text: "Enough for one connection, please begin another"}
	replyManyErrors = message.Reply{Code: 421, Status: "4.7.0", Text: "Too many errors, closing the connection"}
	replyBroken     = message.Reply{Code: 421, Status: "4.3.0", Text: "Something went wrong here, please try again later"}

	replyUnknown    = message.Reply{Code: 500, Status: "5.5.1", Text: "Unknown command"}
	replyLongLine   = message.Reply{Code: 500, Status: "5.5.2", Text: "Command line too long"}
	replyLineEnd    = message.Reply{Code: 500, Status: "5.5.2", Text: "Command lines end in CR LF"}
	replyControl    = message.Reply{Code: 500, Status: "5.5.2", Text: "Command line holds octets that are not allowed"}
	replyNoArgument = message.Reply{Code: 501, Status: "5.5.4", Text: "This command takes no argument"}
	replyArgument   = message.Reply{Code: 501, Status: "5.5.4", Text: "Syntax error in the argument"}
	replyNotHere    = message.Reply{Code: 502, Status: "5.5.1", Text: "Command not implemented"}
	replyOrder      = message.Reply{Code: 503, Status: "5.5.1", Text: "Bad sequence of commands"}
	replyHTTP       = message.Reply{Code: 421, Status: "4.7.0", Text: "This is not a web server"}

	replyPath      = message.Reply{Code: 501, Status: "5.5.2", Text: "Want an address in angle brackets"}
	replyBadSender = message.Reply{Code: 501, Status: "5.1.7", Text: "Bad sender address"}
	replyBadRcpt   = message.Reply{Code: 501, Status: "5.1.3", Text: "Bad recipient address"}
	replyParam     = message.Reply{Code: 501, Status: "5.5.4", Text: "Bad value of a parameter"}
	replyTwice     = message.Reply{Code: 501, Status: "5.5.4", Text: "A parameter was given twice"}
	replyNoParam   = message.Reply{Code: 555, Status: "5.5.4", Text: "Unknown parameter"}
	replyNeedsUTF8 = message.Reply{Code: 553, Status: "5.6.7", Text: "This address needs SMTPUTF8"}

	replyTooBig     = message.Reply{Code: 552, Status: "5.3.4", Text: "Message too large"}
	replyTooMany    = message.Reply{Code: 452, Status: "4.5.3", Text: "Too many recipients"}
	replyNobody     = message.Reply{Code: 554, Status: "5.5.1", Text: "No valid recipients"}
	replyBareLine   = message.Reply{Code: 550, Status: "5.5.2", Text: "Bare CR or LF in the message; lines end in CR LF"}
	replyNeedTLS    = message.Reply{Code: 530, Status: "5.7.0", Text: "Must issue a STARTTLS command first"}
	replyInjected   = message.Reply{Code: 554, Status: "5.5.1", Text: "Nothing may follow STARTTLS before the reply"}
	replyAuthPlain  = message.Reply{Code: 538, Status: "5.7.11", Text: "Encryption required for authentication"}
	replyAuthKind   = message.Reply{Code: 504, Status: "5.5.4", Text: "Unknown authentication mechanism"}
	replyAuthCancel = message.Reply{Code: 501, Status: "5.7.0", Text: "Authentication cancelled"}
	replyAuthSyntax = message.Reply{Code: 501, Status: "5.5.2", Text: "Cannot decode the response"}
	replyAuthBad    = message.Reply{Code: 535, Status: "5.7.8", Text: "Authentication credentials invalid"}
	replyAuthLater  = message.Reply{Code: 454, Status: "4.7.0", Text: "Temporary authentication failure"}
	replyAuthMany   = message.Reply{Code: 421, Status: "4.7.0", Text: "Too many authentication failures"}
)

// answer is what a command ends with.
type answer struct {
	message.Reply      // zero: the command has answered by itself, or nobody is there to hear
	excused       bool // a refusal that does not count against the client
	end           bool // the session ends after it
}

func say(r message.Reply) answer     { return answer{Reply: r} }
func goodbye(r message.Reply) answer { return answer{Reply: r, end: true} }

// clean returns a reply that fits one line of the protocol, whatever was handed in:
// a reply without a usable code is a fault of ours and so temporary.
func clean(r message.Reply) message.Reply {
	if r.Code < 200 || r.Code > 599 || r.Code/100 == 3 {
		return message.ReplyLocal
	}
	text := []byte(r.Text[:min(len(r.Text), 400)])
	for i, c := range text {
		if c < 0x20 || c > 0x7e {
			text[i] = '?'
		}
	}
	r.Text = string(text)
	return r
}
