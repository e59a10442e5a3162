package bcesim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// vectors are published known answers; they are the truth and are never regenerated.
type vectors struct {
	Vectors []vector `json:"vectors"`
	Canon   []struct {
		Query            [][2]*string      `json:"query"`
		CanonicalQuery   string            `json:"canonicalQuery"`
		Encode           string            `json:"encode"`
		Encoded          string            `json:"encoded"`
		Headers          map[string]string `json:"headers"`
		CanonicalHeaders string            `json:"canonicalHeaders"`
	} `json:"canonicalization"`
}

type vector struct {
	Name              string            `json:"name"`
	AccessKeyID       string            `json:"accessKeyId"`
	SecretAccessKey   string            `json:"secretAccessKey"`
	Timestamp         string            `json:"timestamp"`
	ExpirationSeconds json.Number       `json:"expirationSeconds"`
	Method            string            `json:"method"`
	Path              string            `json:"path"`
	Query             map[string]string `json:"query"`
	Headers           map[string]string `json:"headers"`
	SignedHeaders     []string          `json:"signedHeaders"`
	CanonicalRequest  string            `json:"canonicalRequest"`
	CanonicalQuery    string            `json:"canonicalQuery"`
	SigningKey        string            `json:"signingKey"`
	Signature         string            `json:"signature"`
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/bce-auth-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Vectors) < 7 || len(v.Canon) < 4 {
		t.Fatalf("%d and %d vectors: the file is not whole", len(v.Vectors), len(v.Canon))
	}
	return v
}

// request is the vector as a server would receive it, with the given signed headers.
func (v vector) request(signedHeaders string) *http.Request {
	query := url.Values{}
	for key, value := range v.Query {
		query.Set(key, value)
	}
	r := &http.Request{
		Method: v.Method, Host: v.Headers["host"], Header: http.Header{}, ContentLength: -1,
		URL: &url.URL{Path: v.Path, RawQuery: query.Encode()},
	}
	for header, value := range v.Headers {
		if header != "host" {
			r.Header.Set(header, value)
		}
	}
	r.Header.Set("Authorization", strings.Join([]string{
		authVersion, v.AccessKeyID, v.Timestamp, v.ExpirationSeconds.String(), signedHeaders, v.Signature,
	}, "/"))
	return r
}

func (v vector) secretFor(key string) (string, bool) { return v.SecretAccessKey, key == v.AccessKeyID }

func TestKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t).Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			got, refusal := canonicalRequest(v.request(""), v.SignedHeaders)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if v.CanonicalRequest != "" && got != v.CanonicalRequest {
				t.Errorf("canonical request\n%s\nwant\n%s", got, v.CanonicalRequest)
			}
			if query := strings.Split(got, "\n")[2]; v.CanonicalQuery != "" && query != v.CanonicalQuery {
				t.Errorf("canonical query %s, want %s", query, v.CanonicalQuery)
			}
			prefix := strings.Join([]string{authVersion, v.AccessKeyID, v.Timestamp, v.ExpirationSeconds.String()}, "/")
			if key := hexHMAC([]byte(v.SecretAccessKey), prefix); v.SigningKey != "" && key != v.SigningKey {
				t.Errorf("signing key %s, want %s", key, v.SigningKey)
			}
			auth := authorization{
				accessKeyID: v.AccessKeyID, timestampText: v.Timestamp, expirationText: v.ExpirationSeconds.String(),
			}
			if signature := auth.sign(v.SecretAccessKey, got); signature != v.Signature {
				t.Errorf("signature %s, want %s", signature, v.Signature)
			}
		})
	}
}

func TestVerifyKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t).Vectors {
		if v.Headers["host"] == "" || v.Headers["x-bce-date"] == "" {
			continue // a published signature that a HaVIP server need not accept
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(authTime, v.Timestamp)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyRequest(v.request(strings.Join(v.SignedHeaders, ";")), v.secretFor, now); err != nil {
				t.Error(err)
			}
		})
	}
}

// The documentation's own example leaves the list of signed headers empty, which stands for
// the default set.
func TestVerifyDefaultHeaders(t *testing.T) {
	t.Parallel()
	v := loadVectors(t).Vectors[0]
	now, err := time.Parse(authTime, v.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyRequest(v.request(""), v.secretFor, now); err != nil {
		t.Error(err)
	}
}

func TestCanonicalParts(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t).Canon {
		var pairs []string
		for _, pair := range v.Query {
			text := url.QueryEscape(*pair[0])
			if pair[1] != nil {
				text += "=" + url.QueryEscape(*pair[1])
			}
			pairs = append(pairs, text)
		}
		if got, refusal := canonicalQuery(strings.Join(pairs, "&")); refusal != nil || got != v.CanonicalQuery {
			t.Errorf("query %s, want %s (%v)", got, v.CanonicalQuery, refusal)
		}
		if got := encode(v.Encode, ""); got != v.Encoded {
			t.Errorf("encode %s, want %s", got, v.Encoded)
		}
		names, byName := []string{}, map[string]string{}
		for header, value := range v.Headers {
			names = append(names, strings.ToLower(header))
			byName[strings.ToLower(header)] = value
		}
		if got := canonicalHeaders(names, func(n string) string { return byName[n] }); got != v.CanonicalHeaders {
			t.Errorf("headers %q, want %q", got, v.CanonicalHeaders)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                       "",
		"&&":                     "",
		"attach":                 "attach=",
		"b=2&a=1":                "a=1&b=2",
		"a=1&authorization=x&b":  "a=1&b=",
		"a=b+c&d=%2B":            "a=b%20c&d=%2B",
		"text=&text1=1&text10=2": "text10=2&text1=1&text=",
		"a=2&a=1":                "a=1&a=2",
		"a;b=1":                  "a%3Bb=1",
	} {
		if got, refusal := canonicalQuery(raw); refusal != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", raw, got, want, refusal)
		}
	}
	if _, refusal := canonicalQuery("a=%zz"); refusal == nil || refusal.Code != CodeInvalidURI {
		t.Errorf("bad escape: %v, want %s", refusal, CodeInvalidURI)
	}
}

func TestCanonicalURI(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "/", "/": "/", "/v1/havip": "/v1/havip", "v1": "/v1",
		"/a b/测~": "/a%20b/%E6%B5%8B~",
	} {
		if got := canonicalURI(path); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}
