package bce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ProfilePath returns the path of bce-cli's profiles in a user's home directory.
func ProfilePath(home string) string { return filepath.Join(home, ".bce", "config.json") }

// ProfileFile is a profile in a file of bce-cli's format. It is a [Provider] that reads the file
// at every Retrieve, so that changes take effect.
type ProfileFile struct {
	// Path is the file's path, usually [ProfilePath].
	Path string
	// Name is the profile; "" means the file's current profile, else "default".
	Name string
}

// Profile is the content of a profile.
type Profile struct {
	Path, Name       string
	Region, Endpoint string
	Credentials      Credentials
	// Mode is the file's permission bits.
	Mode fs.FileMode
}

// String returns the names of the profile and its file.
func (p Profile) String() string { return fmt.Sprintf("profile %q of %s", p.Name, p.Path) }

// Warning returns a warning if other users can read or write the file, else "".
func (p Profile) Warning() string {
	const others = 0o077
	if runtime.GOOS == "windows" || p.Mode.Perm()&others == 0 {
		return ""
	}
	return fmt.Sprintf("profile file %s: others can read or write it (mode %04o); run chmod 600 %s", p.Path, p.Mode.Perm(), p.Path)
}

// Retrieve returns the profile's credentials.
func (f ProfileFile) Retrieve(ctx context.Context) (Credentials, error) {
	p, err := f.Load(ctx)
	return p.Credentials, err
}

// Load reads the profile unless ctx ends first. A missing file is [ErrNoCredentials] (and [fs.ErrNotExist]); a file that
// cannot be used is another error, which names file, profile and remedy.
func (f ProfileFile) Load(ctx context.Context) (Profile, error) {
	text, err := f.read(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return Profile{}, &missingError{fmt.Sprintf("profile file %s does not exist: run bce configure, or create it", f.Path), fs.ErrNotExist}
	}
	var p Profile
	if err == nil {
		p, err = parseProfile(text.content, f.Name)
	}
	if err != nil {
		return Profile{}, fmt.Errorf("profile file %s: %w", f.Path, err)
	}
	p.Path, p.Mode = f.Path, text.mode
	p.Credentials.source = p.String()
	return p, nil
}

func parseProfile(content []byte, name string) (Profile, error) {
	file, err := decodeProfiles(content)
	if err != nil {
		return Profile{}, err
	}
	wire, err := file.find(name)
	if err != nil {
		return Profile{}, err
	}
	p, err := wire.profile()
	if err != nil {
		return Profile{}, fmt.Errorf("profile %q: %w", wire.Name, err)
	}
	return p, nil
}

// Place reads only the profile's region and endpoint; credentials may come from another source. It returns the zero
// Profile if there is no file, or if the file lacks the profile "default" and neither the caller nor the file names
// another. An unreadable file is an error, because a default could be the wrong region.
func (f ProfileFile) Place(ctx context.Context) (Profile, error) {
	if f.invisible(ctx) {
		return Profile{}, nil
	}
	text, err := f.read(ctx)
	var file profileFile
	if err == nil {
		file, err = decodeProfiles(text.content)
	}
	var wire profileWire
	if err == nil {
		wire, err = file.find(f.Name)
	}
	switch {
	case errors.Is(err, errNoProfile) && f.Name == "" && (file.Current == "" || file.Current == defaultProfile):
		return Profile{}, nil
	case err != nil:
		return Profile{}, fmt.Errorf("profile file %s: %w", f.Path, err)
	}
	p := wire.place()
	p.Path, p.Mode = f.Path, text.mode
	return p, nil
}

// invisible reports whether there is no file, or none that this user can see.
func (f ProfileFile) invisible(ctx context.Context) bool {
	_, err := until(ctx, func() (fs.FileInfo, error) { return os.Stat(f.Path) })
	return err != nil && ctx.Err() == nil
}
