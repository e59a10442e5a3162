package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"havip/internal/private"
)

// Source is a file of items.
type Source struct {
	// Name is the file as it was named, for people.
	Name string `json:"name"`
	// Path is where it is, from the root; "" for input that had no file.
	Path string `json:"path,omitempty"`
	// Format is the format that was asked for, "" for that of the extension.
	Format string `json:"format,omitempty"`
	// SHA256 is of its bytes, in hex.
	SHA256 string `json:"sha256"`
}

// Changed reports whether the file is still there and has become another. One that is gone says nothing:
// a plan has its rows, and may be applied where the file never was.
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
