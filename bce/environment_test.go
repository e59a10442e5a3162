package bce

import (
	"errors"
	"strings"
	"testing"
)

func environmentOf(vars map[string]string) Environment {
	return Environment{Lookup: func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars                                map[string]string
		id, secret, token, region, endpoint string
	}{
		"bce": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret", "BCE_REGION": "bj", "BCE_ENDPOINT": "h"},
			"id", "secret", "", "bj", "h",
		},
		"bce security token": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret", "BCE_SECURITY_TOKEN": "t"},
			"id", "secret", "t", "", "",
		},
		"bce session token": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret", "BCE_SESSION_TOKEN": "t"},
			"id", "secret", "t", "", "",
		},
		"both tokens alike": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret", "BCE_SESSION_TOKEN": "t", "BCE_SECURITY_TOKEN": "t"},
			"id", "secret", "t", "", "",
		},
		"terraform's": {
			map[string]string{"BAIDUCLOUD_ACCESS_KEY": "id", "BAIDUCLOUD_SECRET_KEY": "secret", "BAIDUCLOUD_SESSION_TOKEN": "t", "BAIDUCLOUD_REGION": "gz"},
			"id", "secret", "t", "gz", "",
		},
		"bce before terraform's, unmixed": {
			map[string]string{
				"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": "secret", "BCE_REGION": "bj",
				"BAIDUCLOUD_ACCESS_KEY": "other", "BAIDUCLOUD_SECRET_KEY": "other", "BAIDUCLOUD_SESSION_TOKEN": "other", "BAIDUCLOUD_REGION": "gz",
			},
			"id", "secret", "", "bj", "",
		},
		"space around": {
			map[string]string{"BCE_ACCESS_KEY_ID": " id\n", "BCE_SECRET_ACCESS_KEY": "secret\r\n"},
			"id", "secret", "", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environmentOf(c.vars)
			got, err := env.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := (secrets{c.id, c.secret, c.token}); got.secrets() != want {
				t.Errorf("credentials = %+v; want %+v", got.secrets(), want)
			}
			if env.Region() != c.region || env.Endpoint() != c.endpoint {
				t.Errorf("region, endpoint = %q, %q; want %q, %q", env.Region(), env.Endpoint(), c.region, c.endpoint)
			}
		})
	}
}

func TestEnvironmentErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars  map[string]string
		want  string
		empty bool
	}{
		"nothing":      {nil, "set BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY", true},
		"empty values": {map[string]string{"BCE_ACCESS_KEY_ID": "", "BCE_SECRET_ACCESS_KEY": " "}, "set BCE_ACCESS_KEY_ID", true},
		"half":         {map[string]string{"BCE_ACCESS_KEY_ID": "id"}, "BCE_SECRET_ACCESS_KEY is not set, but BCE_ACCESS_KEY_ID is", false},
		"other half":   {map[string]string{"BAIDUCLOUD_SECRET_KEY": printSecret}, "BAIDUCLOUD_ACCESS_KEY is not set", false},
		"token alone":  {map[string]string{"BCE_SESSION_TOKEN": printToken}, "BCE_ACCESS_KEY_ID and BCE_SECRET_ACCESS_KEY are not set, but BCE_SESSION_TOKEN is", false},
		"half does not fall through": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BAIDUCLOUD_ACCESS_KEY": "id", "BAIDUCLOUD_SECRET_KEY": printSecret},
			"BCE_SECRET_ACCESS_KEY is not set", false,
		},
		"secret in quotes": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": `"` + printSecret + `"`}, "BCE_SECRET_ACCESS_KEY has quotes", false,
		},
		"half a pair of quotes": {
			map[string]string{"BAIDUCLOUD_ACCESS_KEY": "id'", "BAIDUCLOUD_SECRET_KEY": printSecret}, "BAIDUCLOUD_ACCESS_KEY has quotes", false,
		},
		"token in typographic quotes": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": printSecret, "BCE_SESSION_TOKEN": "“" + printToken + "”"}, "BCE_SESSION_TOKEN has quotes", false,
		},
		"tokens differ": {
			map[string]string{"BCE_ACCESS_KEY_ID": "id", "BCE_SECRET_ACCESS_KEY": printSecret, "BCE_SESSION_TOKEN": "a", "BCE_SECURITY_TOKEN": "b"},
			"BCE_SECURITY_TOKEN and BCE_SESSION_TOKEN differ", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := environmentOf(c.vars).Retrieve(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error = %v; want %q in it", err, c.want)
			}
			if errors.Is(err, ErrNoCredentials) != c.empty {
				t.Errorf("errors.Is(%v, ErrNoCredentials) = %t", err, !c.empty)
			}
			assertNoSecret(t, "the error", err.Error())
		})
	}
}
