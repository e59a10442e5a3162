package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"havip/tasks"
)

// Row is one item and its place.
type Row struct {
	// Line is the row's first line.
	Line int
	// Item is valid and has its defaults.
	Item tasks.Item
}

// Check reads the whole file and reports all its faults. Faults are not an error; an error means that the file
// could not be read, or that ctx has ended.
func (f *File) Check(ctx context.Context) (Report, error) {
	f.checked = nil
	var report Report
	p := f.pass(ctx, func(fault Fault) {
		fault.File = f.name
		report.add(fault)
	})
	p.checker.duplicates = newDuplicates()
	for {
		_, _, err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Report{}, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		report.Rows++
	}
	if err := p.blocks.finish(); err != nil {
		return Report{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	if report.Rows == 0 && report.FaultCount == 0 {
		p.checker.report.at(start(), f.format.emptyRule())
	}
	report.sort()
	report.Hash = p.blocks.hex()
	if report.FaultCount == 0 {
		f.checked = &checked{passed: p.blocks.passed}
	}
	return report, nil
}

// Rows yields the items of a file that [File.Check] found without faults, in the order of the file. It may be ranged
// over again. It ends with an error (and an empty Row) if the file was not checked or had faults, ctx ends, or
// reading fails, and with [ErrChanged] before the first row of changed content.
func (f *File) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := f.deliver(ctx, yield); err != nil {
			yield(Row{}, fmt.Errorf("read %s: %w", f.Name(), err))
		}
	}
}

// deliver yields the rows, and returns nil even if the caller left the loop.
func (f *File) deliver(ctx context.Context, yield func(Row, error) bool) error {
	if f.checked == nil {
		return errors.New("the file was not checked, or has faults")
	}
	faults := 0
	p := f.pass(ctx, func(Fault) { faults++ })
	p.blocks.comparing(f.checked.passed)
	for {
		at, item, err := p.next()
		if errors.Is(err, io.EOF) && faults == 0 {
			return nil
		}
		if faults > 0 { // the content must have changed
			return ErrChanged
		}
		if err != nil {
			return err
		}
		if !yield(Row{Line: at.line, Item: item}, nil) {
			return nil
		}
	}
}

// pass is one reading of a file from start to end.
type pass struct {
	blocks  *blocks
	rows    rowReader
	checker *checker
	rec     record
	// again reads the content from its start.
	again func() io.Reader
}

func (f *File) pass(ctx context.Context, report reporter) *pass {
	alive := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	b := newBlocks(f.whole(), alive)
	return &pass{
		again:   func() io.Reader { return aliveReader{f.whole(), alive} },
		blocks:  b,
		rows:    f.format.newRows(newText(b), report),
		checker: &checker{region: f.region, anyRegion: f.anyRegion, report: report},
	}
}

// next reads and validates one row. The item is valid unless a fault was reported. io.EOF ends the pass, also
// where the content stops being text.
func (p *pass) next() (position, tasks.Item, error) {
	err := p.rows.next(&p.rec)
	if encoding := (*encodingError)(nil); errors.As(err, &encoding) {
		return position{}, tasks.Item{}, p.endOfText(encoding)
	}
	if err != nil || p.rec.broken {
		return p.rec.at, tasks.Item{}, err
	}
	return p.rec.at, p.checker.item(&p.rec), nil
}

// endOfText reports where and why the content stops being text, and returns io.EOF.
func (p *pass) endOfText(e *encodingError) error {
	rule := e.rule
	if rule == ruleNotUTF8 {
		var err error
		if rule, err = ruleOfEncoding(p.again()); err != nil {
			return err
		}
	}
	p.checker.report.at(e.at, rule)
	return io.EOF
}

// aliveReader reads until alive fails.
type aliveReader struct {
	io.Reader
	alive func() error
}

func (r aliveReader) Read(p []byte) (int, error) {
	if err := r.alive(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
