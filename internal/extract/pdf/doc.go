// Package pdf reads the text of PDF files (ISO 32000) by PDFium, which runs as WebAssembly.
//
// PDFium sees one file and nothing else: no file system, no clock that matters, a bounded memory of its own. A fresh instance
// reads each file, and a second one the next pages of a long one, so that what one file does to it ends with that file. What no bound here can stop is a page that takes for
// ever; whoever calls must be a process that may be killed.
//
// PDFium goes where the file leads it. What else stands in the bytes is found by [Carry], which goes through them from object to
// object: it knows no fonts, but which objects there are, so that [Document.Beside] can have PDFium read those it did not come
// upon, as pages of an update of the file that exists in memory only.
//
// What PDFium reads need not be what is seen. Where fonts draw other digits and letters than their tables say, [Document.Drawn] has
// it read the pages by what is drawn; where a number is drawn in another order than it stands in, [Page] has the line by place.
// A font whose outlines are not what its own table calls them is beyond both.
//
// To compile PDFium takes seconds and some hundred megabytes; [Engine.Prepare] does it once and leaves the machine code in a
// folder, from which others load it in a moment.
package pdf
