package bcesim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNameLength  = 65
	maxTokenLength = 64
)

// checkName applies the documented rule: 1–65 characters, not bytes, of letters, digits,
// Chinese characters and - _ / . of which the first is a letter or a Chinese character.
func checkName(name string) *Error {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxNameLength {
		return refuse(CodeInappropriateJSON, "name %q has %d characters; it must have 1 to %d", name, n, maxNameLength)
	}
	for i, r := range name {
		switch {
		case isASCIILetter(r) || unicode.Is(unicode.Han, r):
		case i == 0:
			return refuse(CodeInappropriateJSON, "name %q must start with a letter or a Chinese character", name)
		case !isDigit(r) && !strings.ContainsRune("-_/.", r):
			return refuse(CodeInappropriateJSON, "name %q must not contain %q", name, r)
		}
	}
	return nil
}

// checkToken applies the documented rule: ASCII, at most 64 characters.
func checkToken(token string) *Error {
	if len(token) > maxTokenLength {
		return refuse(CodeInvalidHTTPRequest, "clientToken has %d characters; at most %d are allowed", len(token), maxTokenLength)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r > unicode.MaxASCII }) {
		return refuse(CodeInvalidHTTPRequest, "clientToken %q must be ASCII", token)
	}
	return nil
}

func isASCIILetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
