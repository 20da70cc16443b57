package extract

import "io"

func (w *walker) openPDF(f *leaf, r io.ReaderAt, n int64) {
	w.unreadable(f.where, Unsupported, "cannot read application/pdf")
}
