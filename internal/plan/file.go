package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"

	"havip/internal/private"
	"havip/internal/until"
)

// ErrNoPlan reports that a file is not a saved plan.
var ErrNoPlan = errors.New("is not a saved plan")

// File is a saved plan. It is for one goroutine at a time.
type File struct {
	Header
	// Counts are from when the plan was made.
	Counts Counts
	// ID is unique to the plan.
	ID string

	path string
	file *os.File
}

// Open opens a saved plan and reads all of it: a truncated or changed plan is an error, and none of its
// rows is delivered. Any other file, or one that cannot be opened, is [ErrNoPlan]. A plan that another user may
// have written is refused. The end of ctx ends opening and reading, also on a file server that does not answer. The
// caller closes the file.
func Open(ctx context.Context, path string) (*File, error) {
	switch is, err := IsPlan(ctx, path); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("open %s: %w", path, context.Cause(ctx))
	case err != nil || !is:
		return nil, ErrNoPlan
	}
	file, err := until.OpenWith(ctx, path, private.OpenOwn)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, file: file}
	if err := f.check(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// IsPlan reports whether a file starts like a plan, unless ctx ends first. Only a regular file can be a plan; reading
// from any other would consume its data.
func IsPlan(ctx context.Context, path string) (bool, error) {
	return until.Do(ctx, func() (bool, error) { return isPlan(path) })
}

func isPlan(path string) (bool, error) {
	file, err := private.Look(path)
	if errors.Is(err, private.ErrNotRegular) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	is, err := begins(file)
	return is, errors.Join(err, file.Close())
}

// Name is the plan's path.
func (f *File) Name() string { return f.path }

// Close releases the file.
func (f *File) Close() error { return f.file.Close() }

func (f *File) check(ctx context.Context) error {
	return f.scan(ctx, func(h Header, e *end, row *Row) error {
		switch {
		case e != nil:
			f.Counts, f.ID = e.Counts, e.SHA256
		case row == nil:
			f.Header = h
		}
		return nil
	})
}

// errLeft ends a scan whose caller has left the loop.
var errLeft = errors.New("the loop was left")

// Rows yields the rows as planned. It may be ranged over again. It ends with an error (and an empty
// Row) if ctx ends, reading fails, or the file was changed since [Open].
func (f *File) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := f.scan(ctx, func(_ Header, e *end, row *Row) error {
			switch {
			case row != nil && !yield(*row, nil):
				return errLeft
			case e != nil && e.SHA256 != f.ID:
				return f.fault(errChanged)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errLeft) {
			yield(Row{}, err)
		}
	}
}

// scan reads the plan from its start and calls the functions for the header, each row, and the end.
func (f *File) scan(ctx context.Context, tell func(Header, *end, *Row) error) error {
	s := newScanner(io.NewSectionReader(f.file, 0, math.MaxInt64))
	h, err := s.header()
	if err != nil {
		return f.fault(err)
	}
	if err := tell(h, nil, nil); err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row, last, err := s.next()
		switch {
		case err != nil:
			return f.fault(err)
		case last != nil:
			return tell(h, last, nil)
		}
		if err := tell(h, nil, &row); err != nil {
			return err
		}
	}
}

func (f *File) fault(err error) error {
	return fmt.Errorf("plan %q: %w; make it again with `enqueue plan FILE --out`", f.path, err)
}
