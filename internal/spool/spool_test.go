//go:build unix

package spool

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestSpool(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "spool")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var put []string
	for _, text := range []string{"first", "second"} {
		name, err := s.Put([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		put = append(put, name)
	}
	// What a process was writing when it died is no text.
	if err := os.WriteFile(filepath.Join(dir, "dead"+halfWritten), []byte("fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	names, err := again.Names()
	if err != nil || !slices.Equal(names, put) {
		t.Fatalf("got %v, %v, want %v", names, err, put)
	}
	if text, found, err := again.Get(put[0]); string(text) != "first" || !found || err != nil {
		t.Errorf("got %q, %t, %v", text, found, err)
	}
	for range 2 {
		if err := again.Remove(put[0]); err != nil {
			t.Error(err)
		}
	}
	if _, found, err := s.Get(put[0]); found || err != nil {
		t.Errorf("removed, and found %t, %v", found, err)
	}
	info, err := os.Stat(s.Path(put[1]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read it", info, err)
	}
}

func TestOpenWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "spool")); err == nil {
		t.Error("no error")
	}
}

// A FIFO in the place of a text does not block, and a link in the place of a directory is not followed.
func TestSpoolRefusesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(s.Path("fifo"+extension), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get("fifo" + extension); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a FIFO: got %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(link); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("a link: got %v", err)
	}
}
