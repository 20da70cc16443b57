// Package extract turns hostile raw mail into text with addresses
// (`att[2]/lista.xlsx!Blad1`), within hard limits.
//
// A well-formed message is read once, as a stream of lines. Multiparts are walked with a stack of
// open boundaries whose height is limited, so that the cost of a message is linear in
// its size whatever its structure. Text parts are decoded and kept up to a limit;
// attachments are told apart by their first bytes, never by name alone, and only those
// that can be opened here are held in memory.
//
// What cannot be read for sure is not clean: it becomes an [Unreadable] with a [Reason],
// and its text is still extracted as far as that is possible.
//
// A message that is not written as a strict subset of the standards has it (strict.go) is
// read a second time, by a reader of another mind (second.go), and what both find is given
// out. If what a recipient could see differs, or it cannot be told which of two
// contradictory statements a mail program goes by (two Content-Type fields, a boundary that
// only some would accept), the message is [Ambiguous], and what stands encoded or in clear
// in its raw text is given out too. Careless mail that both readings agree on is not.
//
// Pictures hold no text for this package, but for those that are kept as the calls that draw them (emf.go). Where the limits ask
// for it they are put aside, decoded, and pages of PDF that show pictures are drawn, so that somebody else can read them (package ocr): see [Pictures].
//
// An address names a place in the message: `subject`, `header/names`, `body/text`, `body/html[2]`,
// `att[2]/lista.csv`, `att[2]/lista.xlsx!Blad1`, `att[3]/skan.pdf!page[4]`, `att[3]/bilder.odp!slide2`, `att[4]/x.eml!subject`,
// `att[4]/x.eml!att[1]/y.txt`, `body/html!data1.html` (a file in an address of HTML). What only the second reading has begins with `reading[2]/`
// (`reading[2]/body/text`), what only the raw text has with `reading[3]/`. An address may hold the name of an attachment, which can itself
// be sensitive.
package extract
