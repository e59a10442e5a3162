package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"havip/internal/private"
)

// Source is a file of items.
type Source struct {
	// Name is the file's name as given, for messages.
	Name string `json:"name"`
	// Path is its absolute path; "" for input without a file.
	Path string `json:"path,omitempty"`
	// Format is the format given, "" for that of the extension.
	Format string `json:"format,omitempty"`
	// SHA256 is the hash of its content, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Changed reports whether the file exists and its content has changed. A missing file is not a change: a
// plan contains its rows and may be applied on another machine.
func (s Source) Changed() bool {
	file, err := private.Look(s.Path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return err != nil || hex.EncodeToString(sum.Sum(nil)) != s.SHA256
}
