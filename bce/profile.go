package bce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxProfileBytes is far above any real file of profiles.
const maxProfileBytes = 1 << 20

// defaultProfile is used where neither the caller nor the file names one.
const defaultProfile = "default"

// ProfilePath returns where bce-cli keeps its profiles, given the user's home directory.
func ProfilePath(home string) string { return filepath.Join(home, ".bce", "config.json") }

// ProfileFile is a profile in a file of bce-cli's form. It is a [Provider] that reads the
// file at every Retrieve, so that an edited file is picked up.
type ProfileFile struct {
	// Path is the file; [ProfilePath] is the usual one.
	Path string
	// Name is the profile; "" means the one the file calls current, or else "default".
	Name string
}

// Profile is what a profile holds.
type Profile struct {
	Path, Name       string
	Region, Endpoint string
	Credentials      Credentials
	// Mode is the file's permission bits.
	Mode fs.FileMode
}

// Warning says what is not well about the profile without making it unusable: a file that
// others can read. "" means nothing.
func (p Profile) Warning() string {
	const others = 0o077
	if runtime.GOOS == "windows" || p.Mode.Perm()&others == 0 {
		return ""
	}
	return fmt.Sprintf("profile file %s: others can read or write it (mode %04o); run chmod 600 %s", p.Path, p.Mode.Perm(), p.Path)
}

// Retrieve returns the profile's credentials.
func (f ProfileFile) Retrieve(context.Context) (Credentials, error) {
	p, err := f.Load()
	return p.Credentials, err
}

// Load reads the profile. A file that does not exist is [ErrNoCredentials] (and
// [fs.ErrNotExist]); one that exists and cannot be used is another error, which names file,
// profile and remedy.
func (f ProfileFile) Load() (Profile, error) {
	content, mode, err := f.readFile()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Profile{}, fmt.Errorf("profile file %s: %w: %w: run bce configure, or create it", f.Path, ErrNoCredentials, fs.ErrNotExist)
	case err != nil:
		return Profile{}, fmt.Errorf("profile file %s: %w", f.Path, err)
	}
	p, err := parseProfile(content, f.Name)
	if err != nil {
		return Profile{}, fmt.Errorf("profile file %s: %w", f.Path, err)
	}
	p.Path, p.Mode = f.Path, mode
	return p, nil
}

func (f ProfileFile) readFile() ([]byte, fs.FileMode, error) {
	if f.Path == "" {
		return nil, 0, errors.New("path is empty")
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, 0, plainPathError(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return nil, 0, plainPathError(err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxProfileBytes+1))
	if err != nil {
		return nil, 0, plainPathError(err)
	}
	if len(content) > maxProfileBytes {
		return nil, 0, fmt.Errorf("larger than %d bytes", maxProfileBytes)
	}
	return content, info.Mode(), nil
}

// plainPathError drops the path, which our own words name already.
func plainPathError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

type profileFile struct {
	Current  string        `json:"current"`
	Profiles []profileWire `json:"profiles"`
}

type profileWire struct {
	Name            string `json:"name"`
	Mode            string `json:"mode"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SecurityToken   string `json:"security_token"`
	Region          string `json:"region"`
	Endpoint        string `json:"endpoint"`
}

// parseProfile finds the profile called name in the file's content.
func parseProfile(content []byte, name string) (Profile, error) {
	var file profileFile
	if err := json.Unmarshal(content, &file); err != nil {
		return Profile{}, fmt.Errorf("not valid JSON: %w", err)
	}
	if name == "" {
		name = file.Current
	}
	if name == "" {
		name = defaultProfile
	}
	var names []string
	for _, wire := range file.Profiles {
		if wire.Name != name {
			names = append(names, wire.Name)
			continue
		}
		p, err := wire.profile()
		if err != nil {
			return Profile{}, fmt.Errorf("profile %q: %w", name, err)
		}
		return p, nil
	}
	if len(names) == 0 {
		return Profile{}, fmt.Errorf("profile %q: the file has no profiles; run bce configure", name)
	}
	return Profile{}, fmt.Errorf("profile %q: no such profile; the file has %q", name, names)
}

func (w profileWire) profile() (Profile, error) {
	id, secret, token := strings.TrimSpace(w.AccessKeyID), strings.TrimSpace(w.SecretAccessKey), strings.TrimSpace(w.SecurityToken)
	switch w.Mode {
	case "AK", "":
		// A token left over from another mode is not sent.
		token = ""
	case "StsToken":
		if token == "" {
			return Profile{}, errors.New("mode StsToken needs security_token; get a new one, or set mode to AK")
		}
	default:
		return Profile{}, fmt.Errorf("mode %q is not supported; use AK or StsToken", clean(w.Mode, maxWord))
	}
	switch {
	case id == "":
		return Profile{}, errors.New("access_key_id is missing; add it, or run bce configure")
	case secret == "":
		return Profile{}, errors.New("secret_access_key is missing; add it, or run bce configure")
	}
	return Profile{
		Name:        w.Name,
		Region:      strings.TrimSpace(w.Region),
		Endpoint:    strings.TrimSpace(w.Endpoint),
		Credentials: NewCredentials(id, secret, token),
	}, nil
}
