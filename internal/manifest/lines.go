package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine limits a line, and a JSON item, in bytes. The longest valid row has some 30 KiB (with every character
// escaped).
const maxLine = 1 << 20

// errLongLine reports that a line was longer than maxLine and was skipped.
var errLongLine = errors.New("line is longer than 1 MiB, more than any item; write each item on its own line")

// lines reads lines of limited length.
type lines struct {
	r *bufio.Reader
	// number is the last line's.
	number int
	// ended reports that it ended in a line break, as only a file's last line may not; crlf, that this was CRLF.
	ended, crlf bool
	long        []byte
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, blockSize)}
}

// next returns the next line without its line break (LF or CRLF); it is valid until the next call. An overlong line is
// skipped with errLongLine, and reading can continue. A line that cannot be read completely is not returned.
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

// nextLong continues a line that does not fit the buffer.
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

// last returns a line that may be the file's last, without a line break.
func (l *lines) last(line []byte, err error) ([]byte, error) {
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	l.number++
	return l.trimBreak(line), nil
}

// trimBreak removes the line break. A carriage return at the end of the file is none.
func (l *lines) trimBreak(line []byte) []byte {
	if line, l.ended = bytes.CutSuffix(line, []byte{'\n'}); !l.ended {
		l.crlf = false
		return line
	}
	line, l.crlf = bytes.CutSuffix(line, []byte{'\r'})
	return line
}
