// Package ocr reads the text in pictures by tesseract, a program of the system.
//
// Two steps, in two processes. [Decode] turns the sender's bytes into shades of gray, by decoders written in Go, within
// limits on pixels that are checked before anything is decoded. [Program.Read] gives tesseract those pixels as a file that is
// written here, by standard input, and reads a table of words from standard output: no byte of the sender's reaches the
// parsers of tesseract and its libraries, no file is written, no shell is started. It has a deadline, after which the whole group of processes is killed.
//
// What it says of its own certainty decides whether a picture counts as read: see [Result.Legible].
package ocr
