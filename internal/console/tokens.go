package console

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Role is what somebody may do.
type Role string

// The roles. Who may act may read as well.
const (
	Read Role = "read"
	Act  Role = "act"
)

// minToken is the minimum length of a token, in bytes: it cannot be guessed.
const minToken = 24

// token is a bearer token. It keeps only a digest, so that it cannot be printed.
type token struct {
	name   string
	role   Role
	digest [sha256.Size]byte
}

// Tokens are the bearer tokens that the console accepts. The zero value accepts none.
type Tokens struct{ all []token }

// Any reports whether there are tokens.
func (t Tokens) Any() bool { return len(t.all) > 0 }

// ParseTokens reads one token a line: its role (read or act), the name of who has it, and the token, separated by spaces.
// Empty lines and those that begin with # are ignored. Its errors name lines and not what they contain.
func ParseTokens(text string) (Tokens, error) {
	var t Tokens
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 3 {
			return Tokens{}, fmt.Errorf("line %d: must be a role, a name and a token, separated by spaces", n)
		}
		role, name, secret := Role(fields[0]), fields[1], fields[2]
		switch {
		case role != Read && role != Act:
			return Tokens{}, fmt.Errorf("line %d: the role must be read or act", n)
		case len(secret) < minToken:
			return Tokens{}, fmt.Errorf("line %d: the token must have at least %d characters, such as those of `openssl rand -hex 24`", n, minToken)
		case slices.ContainsFunc(t.all, func(other token) bool { return other.name == name }):
			return Tokens{}, fmt.Errorf("line %d: the name has a token already", n)
		}
		t.all = append(t.all, token{name, role, sha256.Sum256([]byte(secret))})
	}
	return t, lines.Err()
}

// owner returns the owner of a token. It takes as long for every token.
func (t Tokens) owner(secret string) (who identity, ok bool) {
	digest := sha256.Sum256([]byte(secret))
	for _, known := range t.all {
		if subtle.ConstantTimeCompare(known.digest[:], digest[:]) == 1 {
			who, ok = identity{known.name, known.role}, true
		}
	}
	return who, ok
}

// sessionFor is how long a browser stays logged in.
const sessionFor = 12 * time.Hour

// cookieFor returns a cookie's value that proves until then that its bearer had the token. Every console with the token accepts
// it, and none does once the token is removed.
func (t Tokens) cookieFor(secret string, until time.Time) (string, bool) {
	who, ok := t.owner(secret)
	if !ok {
		return "", false
	}
	end := strconv.FormatInt(until.Unix(), 10)
	return encodeName(who.Name) + "." + end + "." + t.sign(who.Name, end), true
}

// cookieOwner returns who has a cookie, if it is valid now.
func (t Tokens) cookieOwner(value string, now time.Time) (identity, bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 {
		return identity{}, false
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[0])
	end, endErr := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || endErr != nil || now.Unix() >= end {
		return identity{}, false
	}
	for _, known := range t.all {
		if known.name == string(name) && hmac.Equal([]byte(t.sign(known.name, parts[1])), []byte(parts[2])) {
			return identity{known.name, known.role}, true
		}
	}
	return identity{}, false
}

func encodeName(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// sign signs a name and an end with the digest of the name's token.
func (t Tokens) sign(name, end string) string {
	for _, known := range t.all {
		if known.name == name {
			mac := hmac.New(sha256.New, known.digest[:])
			mac.Write([]byte("havip console session\x00" + name + "\x00" + end))
			return hex.EncodeToString(mac.Sum(nil))
		}
	}
	return ""
}
