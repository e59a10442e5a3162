package manifest

import (
	"bytes"
	"strings"
)

// yamlLine is a line of YAML; only its role in the block list matters here.
type yamlLine []byte

// indent counts the leading spaces. Tabs do not indent in YAML.
func (l yamlLine) indent() int { return len(l) - len(bytes.TrimLeft(l, " ")) }

// comment reports whether the line is only a comment.
func (l yamlLine) comment() bool { return strings.HasPrefix(l.trimmed(), "#") }

// empty reports whether the line is blank or a comment.
func (l yamlLine) empty() bool { return l.trimmed() == "" || l.comment() }

func (l yamlLine) trimmed() string { return string(bytes.TrimLeft(l, " \t")) }

// dash reports whether the line starts an entry of a block list.
func (l yamlLine) dash() bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(l, " "), []byte{'-'})
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

// directive reports whether the line is a directive such as %YAML 1.2.
func (l yamlLine) directive() bool { return bytes.HasPrefix(l, []byte{'%'}) }

// marker returns the line's document marker, "---" or "...", or "".
func (l yamlLine) marker() string {
	for _, marker := range []string{"---", "..."} {
		if rest, ok := bytes.CutPrefix(l, []byte(marker)); ok && yamlLine(rest).empty() {
			return marker
		}
	}
	return ""
}
