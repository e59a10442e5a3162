package audit

import (
	"fmt"
	"hash/maphash"
	"strings"
	"unicode/utf8"
)

// maxText is how much of a text is stored and shown, in bytes.
const maxText = 200

// textSeed is random in each process, so that texts with equal hashes cannot be constructed.
var textSeed = maphash.MakeSeed()

// text represents a text of any length by its beginning and a hash.
type text struct {
	head string
	size int
	sum  uint64
}

func textOf(s string) text {
	if len(s) <= maxText {
		return text{head: s, size: len(s)}
	}
	return text{head: strings.Clone(cut(s)), size: len(s), sum: maphash.String(textSeed, s)}
}

// shown returns the text for messages, cut.
func (t text) shown() string {
	if len(t.head) == t.size {
		return t.head
	}
	return fmt.Sprintf("%s… (%d bytes)", t.head, t.size)
}

// cut returns at most maxText bytes of whole characters.
func cut(s string) string {
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
