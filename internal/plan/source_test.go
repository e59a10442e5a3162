package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A missing file, or none, is not a change.
func TestSourceChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for name, test := range map[string]struct {
		source Source
		want   bool
	}{
		"as it was":  {Source{Path: path, SHA256: abc}, false},
		"another":    {Source{Path: path, SHA256: strings.Repeat("0", 64)}, true},
		"gone":       {Source{Path: filepath.Join(dir, "b.csv"), SHA256: abc}, false},
		"no file":    {Source{SHA256: abc}, false},
		"not a file": {Source{Path: dir, SHA256: abc}, false},
	} {
		if got := test.source.Changed(); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
