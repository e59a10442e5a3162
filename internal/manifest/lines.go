package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine bounds a line, and a JSON item, in bytes. The longest sound row is some 30 KiB
// (every character escaped), so that what is longer is a mistake, such as another file.
const maxLine = 1 << 20

// errLongLine says that a line passed maxLine; the line has been skipped.
var errLongLine = errors.New("line is longer than 1 MiB, which no item is; give each item a line of its own")

// lines reads lines of a bounded length.
type lines struct {
	r *bufio.Reader
	// number is that of the line last returned.
	number int
	// crlf says that it ended in CRLF.
	crlf bool
	long []byte
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, blockSize)}
}

// next returns the next line without its line break (LF or CRLF); it is good until the
// following call. An overlong line is skipped with errLongLine, and reading may go on.
// A line that the layers below cannot deliver whole is not delivered at all.
func (l *lines) next() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	if err == nil {
		l.number++
		return l.trimBreak(part), nil
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		return l.nextLong(part)
	}
	return l.last(part, err)
}

// nextLong goes on with a line that does not fit the buffer.
func (l *lines) nextLong(part []byte) ([]byte, error) {
	l.long = append(l.long[:0], part...)
	tooLong := false
	for {
		part, err := l.r.ReadSlice('\n')
		if tooLong = tooLong || len(l.long)+len(part) > maxLine; !tooLong {
			l.long = append(l.long, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case tooLong:
			l.number++
			return nil, errLongLine
		}
		return l.last(l.long, err)
	}
}

// last delivers a line that may be the file's last, without a line break.
func (l *lines) last(line []byte, err error) ([]byte, error) {
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	l.number++
	return l.trimBreak(line), nil
}

// trimBreak takes the line break away. A carriage return that ends the file is none.
func (l *lines) trimBreak(line []byte) []byte {
	if line, l.crlf = bytes.CutSuffix(line, []byte("\r\n")); l.crlf {
		return line
	}
	return bytes.TrimSuffix(line, []byte{'\n'})
}
