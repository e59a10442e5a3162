package manifest

import (
	"bytes"
	"strings"
)

// yamlLine is a line of YAML, seen for its place in the block list only.
type yamlLine []byte

// indent is how many spaces the line begins with. Tabs do not indent in YAML.
func (l yamlLine) indent() int { return len(l) - len(bytes.TrimLeft(l, " ")) }

// comment says whether the line is nothing but a comment.
func (l yamlLine) comment() bool { return strings.HasPrefix(l.trimmed(), "#") }

// empty says whether the line is blank or a comment.
func (l yamlLine) empty() bool { return l.trimmed() == "" || l.comment() }

func (l yamlLine) trimmed() string { return string(bytes.TrimLeft(l, " \t")) }

// dash says whether the line begins an entry of a block list.
func (l yamlLine) dash() bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(l, " "), []byte{'-'})
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

// directive says whether the line is one such as %YAML 1.2.
func (l yamlLine) directive() bool { return bytes.HasPrefix(l, []byte{'%'}) }

// marker is the document marker that the line consists of, "---" or "...", or "".
func (l yamlLine) marker() string {
	for _, marker := range []string{"---", "..."} {
		if rest, ok := bytes.CutPrefix(l, []byte(marker)); ok && yamlLine(rest).empty() {
			return marker
		}
	}
	return ""
}
