package terminal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPagerOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  map[string]string
		want []string
	}{
		{nil, []string{"less", "-FRX"}},
		{map[string]string{"PAGER": "more"}, []string{"more"}},
		{map[string]string{"HAVIP_PAGER": "less -S", "PAGER": "more"}, []string{"less", "-S"}},
		{map[string]string{"HAVIP_PAGER": "", "PAGER": "more"}, nil},
		{map[string]string{"HAVIP_PAGER": "cat", "PAGER": "more"}, nil},
		{map[string]string{"PAGER": " "}, nil},
	} {
		got := pagerOf(func(name string) (string, bool) {
			value, set := test.env[name]
			return value, set
		})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v: %s", test.env, diff)
		}
	}
}

// A pager gets all of a table, and one that is missing or quits early is no error.
func TestPaged(t *testing.T) {
	t.Parallel()
	const text = "a table\n"
	for name, test := range map[string]struct {
		pager []string
		times int
		want  string
	}{
		"none":        {nil, 1, text},
		"shown":       {[]string{"sed", "s/^/| /"}, 2, "| " + text + "| " + text},
		"missing":     {[]string{filepath.Join(t.TempDir(), "missing")}, 1, text},
		"quits early": {[]string{"head", "-n", "1"}, 1 << 20, text},
		"fails":       {[]string{"sh", "-c", "cat; exit 3"}, 1, text},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			terminal := New(nil, &out, io.Discard, os.Getenv)
			terminal.pager = test.pager
			err := terminal.paged(func(w io.Writer) error {
				for range test.times {
					if _, err := io.WriteString(w, text); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil || out.String() != test.want {
				t.Errorf("%v: %.100q", err, out.String())
			}
		})
	}
}

// An error of the records is one, and what came before it is shown.
func TestPagedFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var out bytes.Buffer
	terminal := New(nil, &out, io.Discard, os.Getenv)
	terminal.pager = []string{"sed", ""}
	err := terminal.paged(func(w io.Writer) error {
		_, _ = io.WriteString(w, "before\n")
		return broken
	})
	if !errors.Is(err, broken) || out.String() != "before\n" {
		t.Errorf("%v: %q", err, out.String())
	}
}
