package manifest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// many is a sound CSV of n rows, and longer than a block for n from 4,000 up.
func many(n int) string {
	var text strings.Builder
	text.WriteString("name,subnetId\n")
	for i := range n {
		fmt.Fprintf(&text, "web-%d,sbn-dk8gl9bc\n", i)
	}
	return text.String()
}

// first is the error that ends the rows, and how many came before it.
func first(ctx context.Context, f *File) (n int, err error) {
	for _, err := range f.Rows(ctx) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestRowsNeedASoundCheck(t *testing.T) {
	t.Parallel()
	f := content(CSV, sound)
	const want = "read havips.csv: the file was not checked, or has faults"
	if n, err := first(t.Context(), f); n != 0 || err == nil || err.Error() != want {
		t.Errorf("not checked: got %d rows and %v", n, err)
	}
	f = content(CSV, sound+"web-2,sbn\n")
	check(t, f)
	if n, err := first(t.Context(), f); n != 0 || err == nil || err.Error() != want {
		t.Errorf("with a fault: got %d rows and %v", n, err)
	}
}

func TestRowsMayBeLeftAndRangedAgain(t *testing.T) {
	t.Parallel()
	f := content(CSV, many(10))
	check(t, f)
	for row, err := range f.Rows(t.Context()) {
		if row.Line == 4 || err != nil {
			break
		}
	}
	if got := rows(t, f); len(got) != 10 || got[9].Line != 11 {
		t.Errorf("got %d rows", len(got))
	}
}

// No row is delivered of content that was not checked, wherever and however the file changes.
func TestRowsOfAChangedFile(t *testing.T) {
	t.Parallel()
	const n = 20_000
	text := many(n)
	perBlock := strings.Count(text[:blockSize], "\n") - 1
	for _, c := range []struct {
		name   string
		change func(text []byte) []byte
		least  int
		most   int
	}{
		{"first block", func(b []byte) []byte { return bytes.Replace(b, []byte("web-0,"), []byte("bad-0,"), 1) }, 0, 0},
		{"same length, later", func(b []byte) []byte {
			return bytes.Replace(b, []byte("web-19999,"), []byte("web-20000,"), 1)
		}, 5 * perBlock / 2, n - 1},
		{"longer", func(b []byte) []byte { return append(b, "web-x,sbn-a\n"...) }, perBlock, n},
		{"shorter", func(b []byte) []byte { return b[:len(b)-20] }, perBlock, n - 1},
		{"cut at a block's end", func(b []byte) []byte { return b[:blockSize] }, perBlock - 1, perBlock},
		{"emptied", func([]byte) []byte { return nil }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "havips.csv", text)
			f := open(t, path, Options{})
			check(t, f)
			if err := os.WriteFile(path, c.change([]byte(text)), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := first(t.Context(), f)
			if !errors.Is(err, ErrChanged) {
				t.Errorf("got error %v", err)
			}
			if got < c.least || got > c.most {
				t.Errorf("got %d rows before it, want %d to %d", got, c.least, c.most)
			}
		})
	}
}

// A file that was as long as its blocks has no short block that would give its growth away.
func TestRowsOfAFileThatGrew(t *testing.T) {
	t.Parallel()
	text := many(4_000)[:blockSize-1] + "\n"
	text = text[:strings.LastIndexByte(text[:len(text)-1], '\n')+1]
	text += strings.Repeat("\n", blockSize-len(text))
	f := content(CSV, text)
	report, _ := check(t, f)
	f.content = strings.NewReader(text + "web-x,sbn-a\n")
	if n, err := first(t.Context(), f); n != report.Rows || !errors.Is(err, ErrChanged) {
		t.Errorf("got %d rows and %v, want %d and ErrChanged", n, err, report.Rows)
	}
}

func TestTheLastCheckCounts(t *testing.T) {
	t.Parallel()
	f := content(CSV, sound)
	check(t, f)
	f.content = strings.NewReader(sound + "web-2,sbn\n")
	check(t, f)
	if n, err := first(t.Context(), f); n != 0 || err == nil || errors.Is(err, ErrChanged) {
		t.Errorf("sound at first, then with a fault: got %d rows and %v", n, err)
	}
}

func TestReplacingTheFileChangesNothing(t *testing.T) {
	t.Parallel()
	path := write(t, "havips.csv", sound)
	f := open(t, path, Options{})
	check(t, f)
	if err := os.Rename(write(t, "other.csv", many(5)), path); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, f); len(got) != 1 {
		t.Errorf("got %d rows of the file that was opened, want 1", len(got))
	}
}

func TestHashIsThatOfTheBytes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\uFEFF" + sound, many(10_000), "no header\n" + many(10_000), "name\xff\n" + many(10_000)} {
		report, _ := check(t, content(CSV, text))
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(text))); report.Hash != want {
			t.Errorf("%.20q: got %s, want %s", text, report.Hash, want)
		}
	}
}

func TestTheEndOfTheContextEndsReading(t *testing.T) {
	t.Parallel()
	stopped := errors.New("interrupted")
	f := content(CSV, many(20_000))
	check(t, f)

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	got := 0
	var last error
	for _, last = range f.Rows(ctx) {
		if got++; got == 1 {
			cancel(stopped)
		}
	}
	if !errors.Is(last, stopped) || got >= 20_000 {
		t.Errorf("rows: got %d and %v", got, last)
	}
	if _, err := f.Check(ctx); !errors.Is(err, stopped) || err.Error() != "read havips.csv: interrupted" {
		t.Errorf("check: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestFailureToReadIsAnError(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		f := content(format, "")
		f.content = failing{io.ErrClosedPipe}
		if _, err := f.Check(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got %v", format, err)
		}
	}
}
