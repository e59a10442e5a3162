package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"havip/internal/private"
	"havip/ledger"
)

// maxLine limits a line, in bytes: an item with a full log of its requests has at most some hundred kilobytes.
const maxLine = 64 << 20

var (
	// ErrNoArchive reports that a file is not an archive.
	ErrNoArchive = errors.New("is not an archive of a batch")
	errCutOff    = errors.New("is cut off")
	errChanged   = errors.New("was changed since it was written")
)

// Reader reads an archive once, from its start to its end.
type Reader struct {
	Header
	lines *bufio.Scanner
	sum   hash.Hash
	// number is that of the last line; hash is known at the end.
	number int
	hash   string
}

// NewReader reads the header of an archive.
func NewReader(r io.Reader) (*Reader, error) {
	a := &Reader{lines: bufio.NewScanner(r), sum: sha256.New()}
	a.lines.Buffer(nil, maxLine)
	text, err := a.next()
	if errors.Is(err, errCutOff) {
		return nil, ErrNoArchive
	}
	if err != nil {
		return nil, err
	}
	switch err := json.Unmarshal(text, &a.Header); {
	case err != nil || a.Kind != kindWord:
		return nil, ErrNoArchive
	case a.Version != version:
		return nil, fmt.Errorf("has version %d; this program reads version %d", a.Version, version)
	}
	a.add(text)
	return a, nil
}

// next returns the next line; it is not in the hash yet.
func (a *Reader) next() ([]byte, error) {
	a.number++
	if a.lines.Scan() {
		return a.lines.Bytes(), nil
	}
	if err := a.lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", a.number, err)
	}
	return nil, errCutOff
}

func (a *Reader) add(text []byte) {
	a.sum.Write(text)
	a.sum.Write([]byte{'\n'})
}

// Items yields the items. After the last one, it verifies the rest of the archive: the last error says that it is cut off or was
// changed.
func (a *Reader) Items() iter.Seq2[ledger.StoredItem, error] {
	return func(yield func(ledger.StoredItem, error) bool) {
		for {
			text, err := a.next()
			var l line
			if err == nil {
				if err = json.Unmarshal(text, &l); err != nil {
					err = fmt.Errorf("line %d: %w", a.number, err)
				}
			}
			if err == nil && l.End != nil {
				err = a.finish(l.End)
			}
			if err != nil {
				yield(ledger.StoredItem{}, err)
				return
			}
			if l.End != nil || l.Item != nil && !yield(*l.Item, nil) {
				return
			}
			a.add(text)
		}
	}
}

// finish verifies the hash, and that nothing follows the end.
func (a *Reader) finish(e *end) error {
	if a.hash = hex.EncodeToString(a.sum.Sum(nil)); a.hash != e.SHA256 || a.lines.Scan() {
		return errChanged
	}
	return a.lines.Err()
}

// Hash returns the hash of a complete archive.
func Hash(path string) (string, error) {
	file, err := private.Look(path)
	if err != nil {
		return "", err
	}
	a, err := NewReader(file)
	if err == nil {
		for _, fault := range a.Items() {
			err = fault
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	return a.hash, nil
}
