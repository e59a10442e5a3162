package plan

import (
	"context"
	"errors"
	"testing"

	"havip/ledger"
)

// marks is a ledger with one batch, or with none.
type marks struct {
	batch *ledger.Batch
	acts  []ledger.Event
	err   error
}

func (m *marks) Batch(_ context.Context, name string) (ledger.Batch, error) {
	switch {
	case m.err != nil:
		return ledger.Batch{}, m.err
	case m.batch == nil:
		return ledger.Batch{}, &ledger.BatchNotFoundError{Batch: name}
	}
	return *m.batch, nil
}

func (m *marks) Acts(context.Context, string, string) ([]ledger.Event, error) { return m.acts, m.err }

func (m *marks) Note(_ context.Context, batch string, act ledger.Act) error {
	if m.batch == nil {
		return &ledger.BatchNotFoundError{Batch: batch}
	}
	m.acts = append(m.acts, ledger.Event{Kind: act.Kind, Detail: act.Detail})
	return m.err
}

// A plan recognizes its own mark in the batch or its events, and no other.
func TestBegun(t *testing.T) {
	t.Parallel()
	f := &File{Header: Header{Batch: "b"}, ID: "own"}
	for name, test := range map[string]struct {
		in   marks
		want bool
	}{
		"no batch":                      {marks{}, false},
		"another batch":                 {marks{batch: &ledger.Batch{}}, false},
		"a batch of another plan":       {marks{batch: &ledger.Batch{Source: ledger.Source{Plan: "other"}}}, false},
		"a batch that it made":          {marks{batch: &ledger.Batch{Source: ledger.Source{Plan: "own"}}}, true},
		"an act of another plan":        {marks{batch: &ledger.Batch{}, acts: []ledger.Event{{Kind: "apply", Detail: "plan other"}}}, false},
		"another act that says as much": {marks{batch: &ledger.Batch{}, acts: []ledger.Event{{Kind: "cancel", Detail: "plan own"}}}, false},
	} {
		if got, err := f.Begun(t.Context(), &test.in); err != nil || got != test.want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestBeginLeavesItsMark(t *testing.T) {
	t.Parallel()
	f := &File{Header: Header{Batch: "b"}, ID: "own"}
	there := &marks{batch: &ledger.Batch{}}
	if err := f.Begin(t.Context(), there, "li@host", 3); err != nil {
		t.Fatal(err)
	}
	if begun, err := f.Begun(t.Context(), there); err != nil || !begun {
		t.Errorf("got %v, %v after its beginning", begun, err)
	}
	if err := f.Begin(t.Context(), &marks{}, "li@host", 3); err != nil {
		t.Errorf("a batch that is new needs no act: %v", err)
	}
	away := errors.New("redis is away")
	if _, err := f.Begun(t.Context(), &marks{err: away}); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
