package pdf

import (
	"runtime"
	"sync"
)

// fewPages is the least number of pages for which it pays to open a file a second time; aheadBy is how many pages are read
// before they are asked for, at most.
const (
	fewPages = 8
	aheadBy  = 8
)

// ahead reads the pages of a document that will be asked for next, in an instance of its own and on another processor: nine
// tenths of what a page costs are PDFium's, spread over what it does for every letter, so that a second one is what helps. A
// page that it could not read, or that shows a picture, it leaves to the document itself, whose word counts.
type ahead struct {
	pages int
	open  func() (*Document, error)
	over  sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond
	next    int           // the first page that nobody has begun
	asked   int           // the last page that was asked for
	begun   map[int]*read // nil while it is read
	stopped bool
}

// read is what [Document.Page] returns.
type read struct {
	page *Page
	err  error
}

// readAhead starts to read ahead where that pays. The pages are asked for in order.
func (d *Document) readAhead(pages int) {
	if d.again == nil || d.ahead != nil || pages < fewPages || runtime.GOMAXPROCS(0) < 2 {
		return
	}
	a := &ahead{pages: pages, next: 1, begun: map[int]*read{}}
	a.changed.L = &a.mu
	a.open = func() (*Document, error) {
		other, err := d.again()
		if err == nil {
			other.marked, other.asked = d.marked, d.asked
		}
		return other, err
	}
	d.ahead = a
	a.over.Go(a.run)
}

func (a *ahead) run() {
	defer a.stop()
	defer func() { _ = recover() }() // the document itself comes upon it too, where it is reported
	d, err := a.open()
	if err != nil {
		return
	}
	defer d.Close()
	for {
		index, ok := a.take(true)
		if !ok {
			return
		}
		p, err := d.page(index)
		if err != nil || d.broken || p.Picture {
			a.give(index, nil)
		} else {
			a.give(index, &read{p, nil})
		}
		if d.broken {
			return
		}
	}
}

// take begins the next page that may be read ahead, which it can wait for.
func (a *ahead) take(wait bool) (index int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for wait && !a.stopped && a.next < a.pages && a.next > a.asked+aheadBy {
		a.changed.Wait()
	}
	if a.stopped || a.next >= a.pages || a.next > a.asked+aheadBy {
		return 0, false
	}
	a.begun[a.next] = nil
	a.next++
	return a.next - 1, true
}

// give ends a page; r is nil if the document has to read it.
func (a *ahead) give(index int, r *read) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if delete(a.begun, index); r != nil {
		a.begun[index] = r
	}
	a.changed.Broadcast()
}

// page returns a page that was read ahead; nil if the document has to read it. While the other instance is at it, the document
// reads pages behind it.
func (a *ahead) page(index int, d *Document) *read {
	for a.busy(index) {
		next, ok := a.take(false)
		if !ok {
			return a.wait(index)
		}
		p, err := d.page(next)
		a.give(next, &read{p, err})
	}
	return a.wait(index)
}

// busy says whether a page is being read. It has been asked for.
func (a *ahead) busy(index int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = index
	a.next = max(a.next, index+1)
	a.changed.Broadcast()
	r, begun := a.begun[index]
	return begun && r == nil && !a.stopped
}

func (a *ahead) wait(index int) *read {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, begun := a.begun[index]
	for begun && r == nil && !a.stopped {
		a.changed.Wait()
		r, begun = a.begun[index]
	}
	delete(a.begun, index)
	return r
}

func (a *ahead) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	a.changed.Broadcast()
}

// close ends the reading ahead, when the page that is being read has been read.
func (a *ahead) close() {
	a.stop()
	a.over.Wait()
}
