package bce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// STSEndpoint is the endpoint of BCE's security token service.
	STSEndpoint = "https://sts.bj.baidubce.com"
	// DefaultRoleDuration is how long temporary credentials are valid; it is BCE's own default.
	DefaultRoleDuration = 2 * time.Hour
	// MinRoleDuration leaves time for several refreshes before temporary credentials expire.
	MinRoleDuration = 2 * DefaultRefreshAhead
)

// Role is a role of a BCE account that an access key may assume.
type Role struct {
	// AccountID is the account that has the role, and Name the role's name.
	AccountID, Name string
	// Duration is how long the temporary credentials are valid; 0 means [DefaultRoleDuration].
	Duration time.Duration
}

// Fingerprint identifies the role's account; its access keys change with each refresh.
func (r Role) Fingerprint() string {
	return NewCredentials("role of account "+r.AccountID, "", "").Fingerprint()
}

// AssumeRole is a [Provider] of a role's temporary credentials. Each Retrieve asks the security token service
// (POST /v1/credential?assumeRole); wrap it in a [Refresher], which asks again before they expire.
type AssumeRole struct {
	client *Client
	role   Role
}

// NewAssumeRole returns a provider whose requests are signed by the configuration's credentials. Its endpoint is
// [STSEndpoint] unless the configuration has another.
func NewAssumeRole(config Config, role Role) (*AssumeRole, error) {
	if role.Duration == 0 {
		role.Duration = DefaultRoleDuration
	}
	switch {
	case role.AccountID == "":
		return nil, errors.New("role: the account ID is missing")
	case role.Name == "":
		return nil, errors.New("role: the name is missing")
	case role.Duration < MinRoleDuration:
		return nil, fmt.Errorf("role: duration %v: must be at least %v", role.Duration, MinRoleDuration)
	}
	if config.Endpoint == "" {
		config.Endpoint = STSEndpoint
	}
	client, err := NewClient(config)
	if err != nil {
		return nil, err
	}
	return &AssumeRole{client: client, role: role}, nil
}

// Retrieve returns new temporary credentials, with their expiry.
func (a *AssumeRole) Retrieve(ctx context.Context) (Credentials, error) {
	var answer struct {
		AccessKeyID     string    `json:"accessKeyId"`
		SecretAccessKey string    `json:"secretAccessKey"`
		SessionToken    string    `json:"sessionToken"`
		Expiration      time.Time `json:"expiration"`
	}
	call := call{
		op: opAssumeRole, subject: a.role.Name, method: http.MethodPost, path: "/v1/credential", action: "assumeRole", secret: true,
		query: []param{
			{"durationSeconds", strconv.Itoa(int(a.role.Duration / time.Second))},
			{"accountId", a.role.AccountID},
			{"roleName", a.role.Name},
		},
		read: func(body []byte) error {
			if err := decodeObject(body, &answer); err != nil {
				return err
			}
			if answer.AccessKeyID == "" || answer.SecretAccessKey == "" || answer.SessionToken == "" || answer.Expiration.IsZero() {
				return errors.New("answer lacks the access key, its secret, the session token or the expiration")
			}
			return nil
		},
	}
	if _, err := a.client.do(ctx, call); err != nil {
		return Credentials{}, err
	}
	c := NewCredentials(answer.AccessKeyID, answer.SecretAccessKey, answer.SessionToken).WithExpiry(answer.Expiration)
	c.source = fmt.Sprintf("role %q of account %s", a.role.Name, a.role.AccountID)
	return c, nil
}
