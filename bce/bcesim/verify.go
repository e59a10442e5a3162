package bcesim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	authVersion = "bce-auth-v1"
	// authTime is the form of an authorization's timestamp and of x-bce-date.
	authTime = "2006-01-02T15:04:05Z"
	// maxClockDistance is how far a request's date may be from the server's clock.
	maxClockDistance = 30 * time.Minute
)

// authorization is the parsed header.
type authorization struct {
	accessKeyID   string
	timestamp     time.Time
	timestampText string
	expiration    time.Duration
	// expirationText is kept because the signing key is made of the text as sent.
	expirationText string
	// signedHeaders is empty when the header leaves the set to its default.
	signedHeaders []string
	signature     string
}

// VerifyRequest verifies r's bce-auth-v1 signature as the server would at the time now. It returns
// nil or an [*Error]:
//
//   - InvalidHTTPAuthHeader (400): no authorization, one that cannot be read, one that
//     leaves host unsigned, or no readable x-bce-date or Date;
//   - InvalidAccessKeyId (403): secretFor does not know the key;
//   - SignatureDoesNotMatch (400): the signature is not this request's;
//   - RequestExpired (400): the date is more than 30 minutes from now, or the signature's
//     own validity has passed;
//   - InvalidURI (400): the query cannot be decoded.
//
// The time is checked last, so that a refusal shows the server's clock only to a caller with the
// secret. The body is not read: bce-auth-v1 signs it only through an optional content-md5.
//
// r may be a request received by a server or one that a client is about to send; Host is
// taken from r.Host or else r.URL.Host, and a signed content-length missing from the
// headers from r.ContentLength.
func VerifyRequest(r *http.Request, secretFor func(accessKeyID string) (secret string, ok bool), now time.Time) error {
	_, refusal := verify(r, secretFor, now)
	if refusal != nil {
		return refusal
	}
	return nil
}

// verify is [VerifyRequest] and also returns the parsed authorization.
func verify(r *http.Request, secretFor func(string) (string, bool), now time.Time) (authorization, *Error) {
	auth, refusal := parseAuthorization(r.Header.Get("Authorization"))
	if refusal != nil {
		return auth, refusal
	}
	date, refusal := requestDate(r.Header)
	if refusal != nil {
		return auth, refusal
	}
	secret, ok := secretFor(auth.accessKeyID)
	if !ok {
		return auth, refuseWith(http.StatusForbidden, CodeInvalidAccessKeyID,
			"the access key ID %q does not exist", auth.accessKeyID)
	}
	canonical, refusal := canonicalRequest(r, auth.signedHeaders)
	if refusal != nil {
		return auth, refusal
	}
	if !hmac.Equal([]byte(auth.sign(secret, canonical)), []byte(auth.signature)) {
		return auth, refuse(CodeSignatureDoesNotMatch,
			"the signature does not match the request; the server's canonical request is %q", canonical)
	}
	return auth, auth.checkTime(date, now)
}

// parseAuthorization reads bce-auth-v1/{ak}/{timestamp}/{seconds}/{signedHeaders}/{signature}.
func parseAuthorization(header string) (authorization, *Error) {
	parts := strings.Split(header, "/")
	if len(parts) != 6 || parts[0] != authVersion || parts[1] == "" {
		return authorization{}, refuse(CodeInvalidHTTPAuthHeader,
			"authorization must be %s/{accessKeyId}/{timestamp}/{seconds}/{signedHeaders}/{signature}", authVersion)
	}
	auth := authorization{
		accessKeyID:    parts[1],
		timestampText:  parts[2],
		expirationText: parts[3],
		signature:      parts[5],
	}
	at, err := time.Parse(authTime, auth.timestampText)
	if err != nil {
		return auth, refuse(CodeInvalidHTTPAuthHeader, "authorization timestamp %q is not %s", parts[2], authTime)
	}
	auth.timestamp = at
	// 31 bits of seconds fit a time.Duration.
	seconds, err := strconv.ParseInt(auth.expirationText, 10, 32)
	if err != nil || seconds <= 0 {
		return auth, refuse(CodeInvalidHTTPAuthHeader, "authorization expiration %q is not a count of seconds", parts[3])
	}
	auth.expiration = time.Duration(seconds) * time.Second
	if parts[4] != "" {
		auth.signedHeaders = strings.Split(parts[4], ";")
	}
	return auth, checkSignedHeaders(auth.signedHeaders)
}

// checkSignedHeaders requires lower-case names that include host. An empty list means the default
// set, which includes host.
func checkSignedHeaders(names []string) *Error {
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		if name == "" || name != strings.ToLower(name) {
			return refuse(CodeInvalidHTTPAuthHeader, "signed header %q is not a lower-case name", name)
		}
	}
	if !slices.Contains(names, "host") {
		return refuse(CodeInvalidHTTPAuthHeader, "host must be among the signed headers")
	}
	return nil
}

// requestDate is x-bce-date, or Date when that is absent.
func requestDate(header http.Header) (time.Time, *Error) {
	if text := header.Get("X-Bce-Date"); text != "" {
		at, err := time.Parse(authTime, text)
		if err != nil {
			return time.Time{}, refuse(CodeInvalidHTTPAuthHeader, "x-bce-date %q is not %s", text, authTime)
		}
		return at, nil
	}
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}, refuse(CodeInvalidHTTPAuthHeader, "one of x-bce-date and Date is required")
	}
	return at, nil
}

// sign returns the signature of the canonical request under secret. The signing key is the
// hexadecimal text of its digest, not the digest's bytes.
func (a authorization) sign(secret, canonical string) string {
	prefix := strings.Join([]string{authVersion, a.accessKeyID, a.timestampText, a.expirationText}, "/")
	signingKey := hexHMAC([]byte(secret), prefix)
	return hexHMAC([]byte(signingKey), canonical)
}

// checkTime applies the 30-minute rule and the signature's own expiry. The 30 minutes also apply to a
// timestamp ahead of the server's clock.
func (a authorization) checkTime(date, now time.Time) *Error {
	switch {
	case date.Sub(now).Abs() > maxClockDistance:
		return refuse(CodeRequestExpired, "the request's date %s is more than 30 minutes from the server's clock %s",
			date.UTC().Format(authTime), now.UTC().Format(authTime))
	case a.timestamp.Sub(now) > maxClockDistance:
		return refuse(CodeRequestExpired, "the signature is valid only from %s", a.timestampText)
	case now.After(a.timestamp.Add(a.expiration)):
		return refuse(CodeRequestExpired, "the signature of %s was valid for %s seconds", a.timestampText, a.expirationText)
	}
	return nil
}

func hexHMAC(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
