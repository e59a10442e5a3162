package plan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"havip/tasks"
)

// maxLine limits a line, in bytes: several times the longest possible row.
const maxLine = 256 << 10

// Faults of a saved plan as a whole.
var (
	errCutOff  = errors.New("is truncated")
	errChanged = errors.New("was changed since it was saved")
)

// scanner reads a saved plan line by line.
type scanner struct {
	r *bufio.Reader
	// line is the number of the last line read; sum is over all lines before it.
	line int
	sum  hash.Hash
	// pending is the last line, which is not in sum yet.
	pending []byte
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, maxLine), sum: sha256.New()}
}

// read reads the next line into a value.
func (s *scanner) read(into any) error {
	s.sum.Write(s.pending)
	text, err := s.r.ReadSlice('\n')
	s.pending = text
	s.line++
	switch {
	case errors.Is(err, io.EOF):
		return errCutOff
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("line %d: is too long for a plan", s.line)
	case err != nil:
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("line %d: %w", s.line, err)
	}
	return nil
}

func (s *scanner) header() (Header, error) {
	var h Header
	if err := s.read(&h); err != nil {
		return h, err
	}
	if h.Version != version {
		return h, fmt.Errorf("has version %d; this program reads version %d", h.Version, version)
	}
	if rule := tasks.ValidateBatch(h.Batch); rule != "" {
		return h, fmt.Errorf("line 1: batch %q: %s", h.Batch, rule)
	}
	return h, nil
}

// next reads a row or the end, which it verifies.
func (s *scanner) next() (Row, *end, error) {
	var text saved
	if err := s.read(&text); err != nil {
		return Row{}, nil, err
	}
	if text.End != nil {
		return Row{}, text.End, s.finish(text.End)
	}
	if text.Request == nil || !savable(text.Action) {
		return Row{}, nil, fmt.Errorf("line %d: is not a row of a plan", s.line)
	}
	row := text.row()
	if faults := row.Item.Validate(); len(faults) > 0 {
		return Row{}, nil, fmt.Errorf("line %d: %w", s.line, faults[0])
	}
	return row, nil, nil
}

// finish verifies the hash and that nothing follows the end.
func (s *scanner) finish(e *end) error {
	if hex.EncodeToString(s.sum.Sum(nil)) != e.SHA256 {
		return errChanged
	}
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		return errChanged
	}
	return nil
}

// savable reports whether a saved plan may have the action: a plan with a conflict is not saved.
func savable(a Action) bool {
	return slices.Contains([]Action{Create, Requeue, Running, Done, Failed, Canceled, Deleted}, a)
}

// begins reports whether content starts like a saved plan.
func begins(r io.Reader) (bool, error) {
	want := []byte(`{"kind":"` + kindWord + `",`)
	head := make([]byte, len(want))
	if _, err := io.ReadFull(r, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.Equal(head, want), nil
}
