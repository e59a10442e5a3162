package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"havip/internal/until"
)

// Standard is the path that means standard input.
const Standard = "-"

// Options say how to read a file. The zero value uses the format of the file's extension.
type Options struct {
	// Format, if set, overrides the file's extension.
	Format Format
	// DefaultRegion is the region of items without one. The caller validates it first: here, an unknown one is a fault of
	// every such row.
	DefaultRegion string
	// AllowUnknownRegion accepts regions that [bce.Regions] does not list, which are faults otherwise.
	AllowUnknownRegion bool
	// Stdin is read for the path "-"; it need not be seekable, and is not closed.
	Stdin io.Reader
	// TempDir is where input that cannot be read twice is stored; "" means the system's default.
	TempDir string
}

// File is an open file of items. It is for one goroutine at a time.
type File struct {
	name, batch string
	format      Format
	region      string
	anyRegion   bool
	content     io.ReaderAt
	// release releases the content's resources.
	release func() error
	// checked is the result of the last check; nil before, and after one with faults.
	checked *checked
}

// checked is the result of a check without faults.
type checked struct{ passed []digest }

// Open opens a file for checking. Input that can be read only once (standard input, a pipe) is first read to its end
// into a private temporary file. The end of ctx ends opening and reading.
//
// Its errors are about the file as a whole and say what to do; [File.Check] finds faults of the content. A
// [*TempDirError] is about the temporary directory, not the file. The caller closes the file.
func Open(ctx context.Context, path string, options Options) (*File, error) {
	if err := options.Format.check(); err != nil {
		return nil, err
	}
	f := &File{name: path, format: options.Format, region: options.DefaultRegion, anyRegion: options.AllowUnknownRegion}
	var err error
	if path == Standard {
		err = f.openStandard(ctx, options)
	} else {
		err = f.openPath(ctx, path, options)
	}
	if err != nil {
		return nil, err
	}
	if f.format == "" {
		if f.format, err = sniff(f.whole()); err != nil {
			return nil, errors.Join(fmt.Errorf("read %s: %w", f.Name(), err), f.Close())
		}
	}
	return f, nil
}

func (f *File) openStandard(ctx context.Context, options Options) error {
	f.name = "stdin"
	if options.Stdin == nil {
		return errors.New("read stdin: there is no standard input; name a file instead")
	}
	return f.spool(ctx, options.Stdin, options.TempDir)
}

func (f *File) openPath(ctx context.Context, path string, options Options) error {
	file, err := until.Open(ctx, path)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return fmt.Errorf("open %s: %w", f.Name(), err)
	case err != nil:
		return openError(path, err)
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		return errors.Join(openError(path, err), file.Close())
	case info.IsDir():
		return errors.Join(fmt.Errorf("open %s: is a directory; name a file of items in it", f.Name()), file.Close())
	case !info.Mode().IsRegular():
		return errors.Join(f.spool(ctx, file, options.TempDir), file.Close())
	}
	if f.format == "" {
		if f.format, err = formatOf(path, io.NewSectionReader(file, 0, info.Size())); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	base := filepath.Base(path)
	f.batch = strings.TrimSuffix(base, filepath.Ext(base))
	f.content, f.release = file, file.Close
	return nil
}

// openError adds what to do to the cause.
func openError(path string, err error) error {
	cause := err
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		cause = pathError.Err
	}
	advice := "check the path"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		advice = "check the path, or use - for standard input"
	case errors.Is(err, fs.ErrPermission):
		advice = "make it readable for this user"
	}
	return fmt.Errorf("open %s: %w; %s", printable(path), cause, advice)
}

// Name is the file's name for messages: its path, or "stdin".
func (f *File) Name() string { return printable(f.name) }

// BatchName is the default name of the file's batch: its base name without extension; "" for input without a name.
func (f *File) BatchName() string { return f.batch }

// Format is the file's format.
func (f *File) Format() Format { return f.format }

// Close closes the file and removes the temporary copy, if any.
func (f *File) Close() error {
	if f.release == nil {
		return nil
	}
	release := f.release
	f.release = nil
	return release()
}

// whole returns a reader of the content from its start.
func (f *File) whole() io.Reader {
	return io.NewSectionReader(f.content, 0, math.MaxInt64)
}

// isEnd reports whether an error is the end of a stream.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
