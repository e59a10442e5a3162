package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"
)

// acting is text that a terminal acts on: escape and C1 sequences, turned directions, and a tag beyond 16 bits.
const acting = "a\x1b[7m\u009b7m\u202e北\u2066\u200f\x7f\r\nFORGED \"q\"\u2028\u0085\U000e0041z"

// written is what reaches the terminal, whether the text comes at once or byte by byte.
func written(t *testing.T, format Format, text []byte) string {
	t.Helper()
	var whole, bytewise bytes.Buffer
	if n, err := ForTerminal(&whole, format).Write(text); err != nil || n != len(text) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	w := ForTerminal(&bytewise, format)
	for _, b := range text {
		if _, err := w.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if whole.String() != bytewise.String() {
		t.Errorf("byte by byte: %q, at once: %q", bytewise.String(), whole.String())
	}
	for _, r := range whole.String() {
		if !unicode.IsPrint(r) && r != '\n' {
			t.Errorf("%U is on the terminal: %q", r, whole.String())
		}
	}
	return whole.String()
}

func TestForTerminalKeepsJSONValues(t *testing.T) {
	t.Parallel()
	text, err := json.MarshalIndent(map[string]string{"k" + acting: acting}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(written(t, JSON, text)), &got); err != nil || got["k"+acting] != acting {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestForTerminalReplacesInCSV(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	if err := w.WriteAll([][]string{{"a", acting}, {"b", "plain"}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(written(t, CSV, text.Bytes()))).ReadAll()
	if err != nil || len(rows) != 2 || rows[0][1] != Printable(acting) && rows[0][1] != strings.ReplaceAll(Printable(acting), "  ", " ") {
		t.Errorf("got %q, %v", rows, err)
	}
}

func TestForTerminalPassesErrorsOn(t *testing.T) {
	t.Parallel()
	if _, err := io.Copy(ForTerminal(failing{}, JSON), strings.NewReader("x")); err == nil {
		t.Error("no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
