package manifest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sound = "name,subnetId\nweb-1,sbn-a\n"

// write makes a file in a directory of its own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a file and closes it when the test ends.
func open(t *testing.T, path string, options Options) *File {
	t.Helper()
	if options.DefaultRegion == "" {
		options.DefaultRegion = "bj"
	}
	f, err := Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return f
}

func TestOpenTellsTheFormatFromTheName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		format Format
		text   string
	}{
		"havips.csv":        {CSV, sound},
		"havips.v2.CSV":     {CSV, sound},
		"havips.ndjson":     {NDJSON, a},
		"havips.jsonl":      {NDJSON, a},
		"havips.json":       {JSON, "[" + a + "]"},
		"havips.yaml":       {YAML, "- " + a},
		"havips.yml":        {YAML, "- " + a},
		"a directory/x.yml": {YAML, "- " + a},
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			path := write(t, filepath.Base(name), want.text)
			f := open(t, path, Options{})
			if f.Format() != want.format || f.Name() != path {
				t.Errorf("%s is %s", f.Name(), f.Format())
			}
			if _, faults := check(t, f); len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
			if got := rows(t, f); len(got) != 1 {
				t.Errorf("got %d rows", len(got))
			}
		})
	}
}

func TestBatchName(t *testing.T) {
	t.Parallel()
	if got := open(t, write(t, "havips.v2.csv", sound), Options{}).BatchName(); got != "havips.v2" {
		t.Errorf("got %q", got)
	}
	stdin := open(t, Standard, Options{Stdin: strings.NewReader(sound), TempDir: t.TempDir()})
	if got := stdin.BatchName(); got != "" || stdin.Name() != "stdin" {
		t.Errorf("standard input is %q, batch %q", stdin.Name(), got)
	}
}

func TestFormatOptionWins(t *testing.T) {
	t.Parallel()
	f := open(t, write(t, "havips.txt", sound), Options{Format: CSV})
	if _, faults := check(t, f); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	f = open(t, Standard, Options{Format: YAML, Stdin: strings.NewReader(sound), TempDir: t.TempDir()})
	if _, faults := check(t, f); len(faults) != 1 {
		t.Errorf("CSV read as YAML: %q", faults)
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Format{
		"":                          CSV,
		sound:                       CSV,
		"\uFEFF" + sound:            CSV,
		a:                           NDJSON,
		"\uFEFF\n [" + a + "]":      JSON,
		"- name: a":                 YAML,
		"# comment\n- name: a":      YAML,
		"---\n- name: a":            YAML,
		strings.Repeat("\n", 10000): CSV,
	} {
		if got, err := sniff(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%.20q: got %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		name, path string
		options    Options
		want       string
		is         error
	}{
		{"missing", dir + "/none.csv", Options{}, "open DIR/none.csv: no such file or directory; check the path, or use - for standard input", fs.ErrNotExist},
		{"directory", dir, Options{}, "open DIR: is a directory; name a file of items in it", nil},
		{"spreadsheet", write(t, "items.xlsx", "PK\x03\x04"), Options{}, "read PATH: " + ruleZIP, nil},
		{"empty, and no extension that tells", write(t, "havips.plan", ""), Options{}, "read PATH: is empty", nil},
		{"extension", write(t, "havips.xlsx", "x"), Options{}, `read PATH: unknown extension ".xlsx"; set the format with --format csv, ndjson, json or yaml`, nil},
		{"format", "x.csv", Options{Format: "toml"}, `format "toml": unknown; the formats are csv, ndjson, json and yaml`, nil},
		{"no standard input", Standard, Options{}, "read stdin: there is no standard input; name a file instead", nil},
		{"control characters", dir + "/\x1b[31m.csv", Options{}, `open "DIR/\x1b[31m.csv": no such file or directory; check the path, or use - for standard input`, fs.ErrNotExist},
		{"name too long", dir + "/" + strings.Repeat("x", 5000), Options{}, "open DIR/" + strings.Repeat("x", 5000) + ": file name too long; check the path", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := Open(t.Context(), c.path, c.options)
			if err == nil {
				t.Fatalf("opened %s", f.Name())
			}
			want := strings.NewReplacer("DIR", dir, "PATH", c.path).Replace(c.want)
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error is not %v", c.is)
			}
		})
	}
	denied := openError("x.csv", &fs.PathError{Op: "open", Path: "x.csv", Err: fs.ErrPermission})
	if got := denied.Error(); got != "open x.csv: permission denied; make it readable for this user" || !errors.Is(denied, fs.ErrPermission) {
		t.Errorf("permission denied: got %q", got)
	}
}

// entries are the names left in a directory.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestStandardInputIsReadTwiceAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := Open(t.Context(), Standard, Options{DefaultRegion: "bj", Stdin: strings.NewReader(sound), TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Errorf("would be left behind by a killed process: %q", left)
	}
	check(t, f)
	if diff := cmp.Diff([]Row{web(2, "web-1")}, rows(t, f)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Errorf("close, twice: %v", err)
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestPipeIsReadLikeStandardInput(t *testing.T) {
	t.Parallel()
	f := open(t, os.DevNull, Options{TempDir: t.TempDir()})
	_, faults := check(t, f)
	if len(faults) != 1 || !strings.Contains(faults[0], "has no items") || f.BatchName() != "" {
		t.Errorf("got %q, batch %q", faults, f.BatchName())
	}
}

func TestStandardInputErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("interrupted")
	cancel(stopped)
	if _, err := Open(ctx, Standard, Options{Stdin: r, TempDir: dir}); !errors.Is(err, stopped) {
		t.Errorf("input without an end, interrupted: got %v", err)
	}
	if err := w.Close(); err != nil { // lets go of the reader left behind
		t.Error(err)
	}

	broken := errors.New("broken")
	r, w = io.Pipe()
	w.CloseWithError(broken)
	if _, err := Open(t.Context(), Standard, Options{Stdin: r, TempDir: dir}); !errors.Is(err, broken) {
		t.Errorf("input that fails: got %v", err)
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	var temp *TempDirError
	if _, err := Open(t.Context(), Standard, Options{Stdin: strings.NewReader(""), TempDir: dir + "/none"}); !errors.Is(err, fs.ErrNotExist) ||
		!errors.As(err, &temp) || temp.Dir != dir+"/none" {
		t.Errorf("no directory for temporary files: got %v", err)
	}
	full := tempFile{failingWriter{}, "/tmp"}
	if err := copyUntil(t.Context(), full, strings.NewReader("1"), 5); !errors.As(err, &temp) || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("no room for temporary files: got %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestCopyIsBounded(t *testing.T) {
	t.Parallel()
	if err := copyUntil(t.Context(), io.Discard, strings.NewReader("12345"), 5); err != nil {
		t.Errorf("up to the limit: %v", err)
	}
	err := copyUntil(t.Context(), io.Discard, &generated{row: "#", n: math.MaxInt}, 5)
	if err == nil || err.Error() != "input is longer than 5 bytes; split it into several files" {
		t.Errorf("beyond the limit: %v", err)
	}
}
