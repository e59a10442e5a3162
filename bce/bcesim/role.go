package bcesim

import (
	"crypto/rand"
	"strconv"
	"time"
)

// The bounds of a temporary key's life, in seconds: BCE's default, and limits of the simulator's own, because the longest
// is not documented.
const (
	defaultRoleSeconds = 7200
	maxRoleSeconds     = 129600
)

// assumeRole answers with a temporary key for the account that has the role. Every account has every role, and every key may
// assume it. The caller has locked mu.
func (s *Server) assumeRole(x *exchange) result {
	account, role := x.query.Get("accountId"), x.query.Get("roleName")
	if account == "" || role == "" {
		return refused(refuse(CodeInvalidHTTPRequest, "accountId and roleName are required"))
	}
	seconds := defaultRoleSeconds
	if text := x.query.Get("durationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxRoleSeconds {
			return refused(refuse(CodeInvalidHTTPRequest, "durationSeconds %q: must be from 1 to %d", text, maxRoleSeconds))
		}
		seconds = n
	}
	key := Credential{
		AccessKeyID: "sts-" + rand.Text(), SecretAccessKey: rand.Text(), SecurityToken: "token-" + rand.Text(),
		Account: account, Expires: x.now.Add(time.Duration(seconds) * time.Second),
	}
	s.credentials[key.AccessKeyID] = key
	return answered(map[string]string{
		"accessKeyId": key.AccessKeyID, "secretAccessKey": key.SecretAccessKey, "sessionToken": key.SecurityToken,
		"createTime": x.now.UTC().Format(time.RFC3339), "expiration": key.Expires.UTC().Format(time.RFC3339),
		"userId": account, "roleName": role,
	})
}
