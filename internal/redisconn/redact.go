package redisconn

import (
	"regexp"
	"strings"
)

// hidden stands where a password was.
const hidden = "xxxxx"

// secretOption matches a query option that holds a password.
var secretOption = regexp.MustCompile(`(?i)([?&][a-z_]*pass[a-z_]*=)[^&]*`)

// Redacted returns the URL with its passwords hidden, fit for a log or an error. It works on
// what [Parse] would refuse too, and then hides rather too much: whatever stands between
// the user's name and the last @ may be part of a password with bare / or ? in it, and a
// lone word before @ is as often a password in the wrong place as a user.
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
