// Package extract turns hostile raw mail into text with addresses
// (`att[2]/lista.xlsx!Blad1`), within hard limits.
//
// The message is read once, as a stream of lines. Multiparts are walked with a stack of
// open boundaries whose height is limited, so that the cost of a message is linear in
// its size whatever its structure. Text parts are decoded and kept up to a limit;
// attachments are told apart by their first bytes, never by name alone, and only those
// that can be opened here are held in memory.
//
// What cannot be read for sure is not clean: it becomes an [Unreadable] with a [Reason],
// and its text is still extracted as far as that is possible. Where two mail programs
// could read a part differently (two Content-Type fields, a boundary that only some
// would accept, text after the end of base64), the part is [Ambiguous] and the cheap
// readings are all given out.
//
// An address names a place in the message: `subject`, `header/names`, `body/text`, `body/html[2]`,
// `att[2]/lista.csv`, `att[2]/lista.xlsx!Blad1`, `att[4]/x.eml!subject`,
// `att[4]/x.eml!att[1]/y.txt`. It may hold the name of an attachment, which can itself
// be sensitive.
package extract
