package bce

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// maxProfileBytes is far above the size of any real file.
const maxProfileBytes = 1 << 20

// defaultProfile is used if neither the caller nor the file names one.
const defaultProfile = "default"

// profileFile is a file of profiles as bce-cli writes it.
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

// profileText is a file's content and mode.
type profileText struct {
	content []byte
	mode    fs.FileMode
}

// read reads the file unless ctx ends first. Its errors do not name the path.
func (f ProfileFile) read(ctx context.Context) (profileText, error) {
	if f.Path == "" {
		return profileText{}, errors.New("path is empty")
	}
	text, err := until(ctx, func() (profileText, error) { return readProfile(f.Path) })
	return text, plainPathError(err)
}

func readProfile(path string) (profileText, error) {
	file, err := os.Open(path)
	if err != nil {
		return profileText{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return profileText{}, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxProfileBytes+1))
	if err == nil && len(content) > maxProfileBytes {
		err = fmt.Errorf("larger than %d bytes", maxProfileBytes)
	}
	return profileText{content, info.Mode()}, err
}

// until makes a call unless ctx ends first. A FIFO waits for its writer, and a file on an unreachable server for that server;
// neither can be interrupted, so the call is abandoned, and ends by itself or with the process.
func until[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := call()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// plainPathError drops the path, which the caller's message has already.
func plainPathError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// decodeProfiles reads a file's content. It accepts a byte order mark, which some editors write.
func decodeProfiles(content []byte) (profileFile, error) {
	var file profileFile
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return file, errors.New("is UTF-16; save it as UTF-8")
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(content, &file); err != nil {
		return file, jsonFault(content, err)
	}
	return file, nil
}

// jsonFault adds the line and the column in characters, both from 1.
func jsonFault(content []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return fmt.Errorf("%s: not valid JSON: %w", placeOf(content, syntax.Offset), err)
	case errors.As(err, &syntax): // the offset is after the invalid character
		return fmt.Errorf("%s: not valid JSON: %w", placeOf(content, syntax.Offset-1), err)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%s: %s must not be a JSON %s", placeOf(content, kind.Offset-1), kind.Field, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: must be a JSON object", placeOf(content, kind.Offset-1))
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

func placeOf(content []byte, offset int64) string {
	before := content[:min(max(0, int(offset)), len(content))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}

// errNoProfile reports that a file has no profile of that name.
var errNoProfile = errors.New("no such profile")

// find returns the profile called name, or else the current one, or else "default".
func (file profileFile) find(name string) (profileWire, error) {
	name = cmp.Or(name, file.Current, defaultProfile)
	var names []string
	for _, wire := range file.Profiles {
		if wire.Name == name {
			return wire, nil
		}
		names = append(names, wire.Name)
	}
	if len(names) == 0 {
		return profileWire{}, fmt.Errorf("profile %q: %w: the file has no profiles; run bce configure", name, errNoProfile)
	}
	return profileWire{}, fmt.Errorf("profile %q: %w; the file has %q", name, errNoProfile, names)
}

// place returns region and endpoint, without credentials.
func (w profileWire) place() Profile {
	return Profile{Name: w.Name, Region: strings.TrimSpace(w.Region), Endpoint: strings.TrimSpace(w.Endpoint)}
}

func (w profileWire) profile() (Profile, error) {
	id, secret, token := strings.TrimSpace(w.AccessKeyID), strings.TrimSpace(w.SecretAccessKey), strings.TrimSpace(w.SecurityToken)
	switch w.Mode {
	case "AK", "":
		// A token of another mode is not sent.
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
	if err := checkUnquoted("access_key_id", id, "secret_access_key", secret, "security_token", token); err != nil {
		return Profile{}, err
	}
	p := w.place()
	p.Credentials = NewCredentials(id, secret, token)
	return p, nil
}
