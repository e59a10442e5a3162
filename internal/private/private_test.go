//go:build unix

package private

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDir(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	good, open, link := filepath.Join(base, "a", "good"), filepath.Join(base, "open"), filepath.Join(base, "link")
	for range 2 {
		if err := Dir(good); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(good); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want mode 0700", info, err)
	}
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777|os.ModeSticky); err != nil { // #nosec G302 -- it is what must be refused
		t.Fatal(err)
	}
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{link: "symbolic link", open: "chmod o-w"} {
		if err := Dir(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(path), err, want)
		}
	}
	// Root can give a directory away; to anybody else, the root directory is another user's.
	foreign := "/"
	if os.Geteuid() == 0 {
		foreign = filepath.Join(base, "foreign")
		if err := errors.Join(os.Mkdir(foreign, 0o700), os.Chown(foreign, 12345, -1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Dir(foreign); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("foreign: got %v", err)
	}
}

// A FIFO that nobody writes to would block a plain open for good.
func TestOpenFile(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	file, link, fifo := filepath.Join(base, "file"), filepath.Join(base, "link"), filepath.Join(base, "fifo")
	f, err := OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{link: "is a symbolic link", fifo: "is not a regular file", base: "is not a regular file"} {
		if _, err := OpenFile(path, os.O_RDONLY, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(path), err, want)
		}
	}
}

// Of a plan, its reader must know who wrote it.
func TestOpenOwn(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	put := func(dir, name string, mode os.FileMode) string {
		path := filepath.Join(base, dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	own, open, link, fifo := put("own", "file", 0o644), put("own", "open", 0o646), filepath.Join(base, "link"), filepath.Join(base, "fifo")
	exposed, sticky := put("exposed", "file", 0o600), put("sticky", "file", 0o600)
	err := errors.Join(os.Symlink(own, link), syscall.Mkfifo(fifo, 0o600),
		os.Chmod(filepath.Dir(exposed), 0o777), os.Chmod(filepath.Dir(sticky), 0o777|os.ModeSticky)) // #nosec G302 -- they are what is told apart
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		own: "", sticky: "", open: "chmod o-w", exposed: "is in a directory that every user can write to", link: "is a symbolic link",
		fifo: "is not a regular file", base: "is not a regular file",
	}
	if os.Geteuid() == 0 { // root can give a file away
		foreign := put("own", "foreign", 0o600)
		if err := os.Chown(foreign, 12345, -1); err != nil {
			t.Fatal(err)
		}
		tests[foreign] = "belongs to another user"
	}
	for path, want := range tests {
		file, err := OpenOwn(path)
		if want == "" {
			if err = errors.Join(err, file.Close()); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// A look follows a link, and takes nothing from a FIFO.
func TestLook(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	file, link, fifo := filepath.Join(base, "file"), filepath.Join(base, "link"), filepath.Join(base, "fifo")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, link), syscall.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		f, err := Look(path)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{fifo, base} {
		if _, err := Look(path); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
