package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Errors of [Engine.Open].
var (
	ErrEncrypted = errors.New("a password is needed")
	ErrDamaged   = errors.New("damaged")
)

// memoryPages is the most that one instance may hold, in pages of 64 KB.
const memoryPages = 8192

// instanceTime is how long a fresh instance may take to come up.
const instanceTime = 30 * time.Second

// Engine is PDFium, compiled when it is first needed. It is safe for concurrent use. Files may be open at the same time, as one
// that lies in another is; what they make PDFium hold is bounded for all of them together.
type Engine struct{ start func() (pdfium.Pool, error) }

// New returns an engine that finds its machine code in the folder cache, if that is [Ready] when it is needed, and else
// compiles it. The folder must be one that nobody else may write to: what lies there is run. Nothing is written to it.
func New(cache string) *Engine {
	return &Engine{sync.OnceValues(func() (pdfium.Pool, error) {
		if cache != "" && !Ready(cache) {
			return compile("")
		}
		return compile(cache)
	})}
}

// Default returns an engine for files that this process itself may open because they are no stranger's. It keeps its machine
// code in the cache of this user, which it fills first, or compiles it where there is none.
func Default() *Engine { return byDefault }

var byDefault = &Engine{sync.OnceValues(func() (pdfium.Pool, error) {
	dir, err := CacheDir()
	if err == nil {
		err = Fill(dir)
	}
	if err != nil {
		dir = ""
	}
	return compile(dir)
})}

// fillFrom returns an engine that leaves its machine code in the folder.
func fillFrom(cache string) *Engine {
	return &Engine{sync.OnceValues(func() (pdfium.Pool, error) { return compile(cache) })}
}

// Prepare compiles PDFium, or loads it, ahead of the first file.
func (e *Engine) Prepare() error {
	_, err := e.start()
	return err
}

func compile(cache string) (_ pdfium.Pool, err error) {
	defer func() { // where the system does not let memory be made executable, wazero panics
		if recover() != nil {
			err = errors.New("start PDFium: machine code may not be run here")
		}
	}()
	// To have calls end with their context (WithCloseOnContextDone) would make all of them four times slower.
	rc := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(memoryPages)
	if cache != "" {
		folder, err := wazero.NewCompilationCacheWithDir(cache)
		if err != nil {
			return nil, fmt.Errorf("open cache of machine code: %w", err)
		}
		rc = rc.WithCompilationCache(folder)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: experimental.WithMemoryAllocator(context.Background(), &memories{}), MaxTotal: -1,
		FSConfig:      wazero.NewFSConfig(), // without it PDFium sees all files of the machine
		RuntimeConfig: rc, Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	return pool, nil
}

// Open opens a file of n bytes, of which PDFium reads what it needs when it needs it. The error is [ErrEncrypted],
// [ErrDamaged], or says why PDFium does not work here. The document must be closed.
func (e *Engine) Open(file io.ReaderAt, n int64) (*Document, error) {
	d, err := e.open(file, n)
	if err == nil {
		d.again = func() (*Document, error) { return e.open(file, n) }
	}
	return d, err
}

func (e *Engine) open(file io.ReaderAt, n int64) (*Document, error) {
	pool, err := e.start()
	if err != nil {
		return nil, err
	}
	in, err := pool.GetInstance(instanceTime)
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	opened, err := in.OpenDocument(&requests.OpenDocument{FileReader: io.NewSectionReader(file, 0, n), FileReaderSize: n})
	switch {
	case err == nil:
		return &Document{in: in, ref: opened.Document}, nil
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		err = ErrEncrypted
	default:
		err = ErrDamaged
	}
	_ = in.Close() // the instance goes, whatever it says
	return nil, err
}
