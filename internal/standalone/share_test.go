//go:build unix

package standalone

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func shared(t *testing.T, dir string) *Store {
	t.Helper()
	store, err := Share(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

// While a program has a store open, commands use its server, which continues after them; afterwards each starts its own.
func TestShare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner := open(t, dir)
	set(t, owner, "a")
	other := shared(t, dir)
	if mustPID(t, owner) != mustPID(t, other) || owner.URL() != other.URL() {
		t.Error("another server than the owner's")
	}
	if !other.Attended() {
		t.Error("the owner is not known to work on it")
	}
	set(t, other, "b")
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	assertHas(t, owner, "a", "b")
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	assertHas(t, shared(t, dir), "a", "b")
}

// Share creates no store unless create is set.
func TestShareCreates(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := Share(t.Context(), dir, false); !errors.Is(err, ErrNoStore) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
	store, err := Share(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	set(t, store, "a")
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	assertHas(t, shared(t, dir), "a")
}

// Reading does not change the data.
func TestShareChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	set(t, store, "a")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	reader := shared(t, dir)
	assertHas(t, reader, "a")
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	after := contents(t, dir)
	if len(before) == 0 || len(before) != len(after) {
		t.Errorf("%d files before, %d after", len(before), len(after))
	}
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s was changed", name)
		}
	}
}

// contents returns the data's files, without the lock.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(content)
	}
	return files
}

// A command's server is not used unless the command keeps running, because it ends with the command.
func TestShareWithACommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	brief := shared(t, dir)
	pid, opened := mustPID(t, brief), make(chan *Store)
	go func() {
		other, err := Share(t.Context(), dir, false)
		if err != nil {
			t.Error(err)
		}
		opened <- other
	}()
	if err := brief.Close(); err != nil {
		t.Error(err)
	}
	other := <-opened
	if other == nil {
		return
	}
	if mustPID(t, other) == pid {
		t.Error("the server of the command that ended")
	}
	stays := shared(t, dir) // waits until the other has run long enough
	if stays.Attended() {
		t.Error("a command is said to work on the store")
	}
	if mustPID(t, stays) != mustPID(t, other) {
		t.Error("not the server of the command that stays")
	}
	for _, s := range []*Store{stays, other} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A store whose server does not start, or that another process uses, is unavailable; one that does not exist, or whose
// directory is not trusted, is a mistake.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	damaged, public := t.TempDir(), t.TempDir()
	if err := open(t, damaged).Close(); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(damaged, "appendonlydir", "*.manifest"))
	if err != nil || len(manifests) != 1 {
		t.Fatalf("%v, %v", manifests, err)
	}
	if err := os.WriteFile(manifests[0], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(public, 0o777); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{damaged: true, public: false, filepath.Join(public, "none"): false} {
		_, err := Share(t.Context(), dir, dir == public)
		if err == nil || Unavailable(err) != want {
			t.Errorf("%s: unavailable %t: %v", dir, !want, err)
		}
	}
	if !Unavailable(&LockedError{}) {
		t.Error("a locked store is not unavailable")
	}
}
