package redisconn

import (
	"regexp"
	"strings"
)

// hidden replaces a password.
const hidden = "xxxxx"

// secretOption matches a query option that holds a password.
var secretOption = regexp.MustCompile(`(?i)([?&][a-z_]*pass[a-z_]*=)[^&]*`)

// HasPassword reports whether the URL has a password, after the user's name or in an option.
func HasPassword(rawURL string) bool {
	_, rest, _ := strings.Cut(rawURL, "://")
	_, password, _ := strings.Cut(rest[:max(0, strings.LastIndexByte(rest, '@'))], ":")
	return password != "" || secretOption.MatchString(rawURL)
}

// Redacted returns the URL with its passwords hidden, for logs and errors. It also works on URLs that
// [Parse] refuses, and then rather hides too much: everything between the user's name and the last @ may be
// part of a password with unescaped / or ?, and a single word before @ may be a misplaced password.
func Redacted(rawURL string) string {
	word, rest, found := strings.Cut(rawURL, "://")
	if !found {
		word, rest = "", rawURL
	} else {
		word += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, _, hasPassword := strings.Cut(rest[:at], ":")
		if !hasPassword {
			user = ""
		}
		rest = user + ":" + hidden + rest[at:]
	}
	return word + secretOption.ReplaceAllString(rest, "${1}"+hidden)
}
