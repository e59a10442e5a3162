package bce

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vector is a known answer. The file is truth: nothing here ever rewrites it.
type vector struct {
	Name              string            `json:"name"`
	AccessKeyID       string            `json:"accessKeyId"`
	SecretAccessKey   string            `json:"secretAccessKey"`
	Timestamp         string            `json:"timestamp"`
	ExpirationSeconds int               `json:"expirationSeconds"`
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

type canonicalization struct {
	Query            [][2]*string      `json:"query"`
	CanonicalQuery   string            `json:"canonicalQuery"`
	Encode           string            `json:"encode"`
	Encoded          string            `json:"encoded"`
	Headers          map[string]string `json:"headers"`
	CanonicalHeaders string            `json:"canonicalHeaders"`
}

type vectorFile struct {
	Vectors          []vector           `json:"vectors"`
	Canonicalization []canonicalization `json:"canonicalization"`
}

func readVectors(t *testing.T) vectorFile {
	t.Helper()
	content, err := os.ReadFile("testdata/bce-auth-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 7 || len(file.Canonicalization) < 4 {
		t.Fatalf("the file has %d vectors and %d canonicalizations, fewer than it should", len(file.Vectors), len(file.Canonicalization))
	}
	return file
}

// TestVectors walks the steps of the specification for each known answer.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			query := canonicalQueryOf(t, v.wireQuery())
			if v.CanonicalQuery != "" && query != v.CanonicalQuery {
				t.Errorf("canonical query\n got %s\nwant %s", query, v.CanonicalQuery)
			}
			_, signed := canonicalHeadersOf(v.headers())
			if want := strings.Join(v.SignedHeaders, ";"); signed != want {
				t.Errorf("signed headers\n got %s\nwant %s", signed, want)
			}
			var request canonicalRequest
			for _, h := range v.headers() {
				request.headers.add(h.name, h.value)
			}
			if err := request.build(v.Method, v.Path, v.wireQuery()); err != nil {
				t.Fatal(err)
			}
			if v.CanonicalRequest != "" && string(request.text) != v.CanonicalRequest {
				t.Errorf("canonical request:\n%s", cmp.Diff(v.CanonicalRequest, string(request.text)))
			}
			key := newSigningKey(v.AccessKeyID, v.SecretAccessKey, v.Timestamp, time.Duration(v.ExpirationSeconds)*time.Second)
			if got := deriveKey(v.SecretAccessKey, key.authPrefix); v.SigningKey != "" && got != v.SigningKey {
				t.Errorf("signing key\n got %s\nwant %s", got, v.SigningKey)
			}
			if got := string(key.appendSignature(nil, request.text)); got != v.Signature {
				t.Errorf("signature\n got %s\nwant %s", got, v.Signature)
			}
		})
	}
}

// TestVectorsSigned drives the whole [Signer] with those known answers whose signed headers
// are the default set.
func TestVectorsSigned(t *testing.T) {
	t.Parallel()
	signed := 0
	for _, v := range readVectors(t).Vectors {
		if !slices.Contains(v.SignedHeaders, "x-bce-date") || !slices.Contains(v.SignedHeaders, "host") {
			continue // older than the default set
		}
		signed++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			req := v.request(t)
			at, err := time.Parse(timestampLayout, v.Timestamp)
			if err != nil {
				t.Fatal(err)
			}
			err = NewSigner().Sign(req, SignInput{Credentials: NewCredentials(v.AccessKeyID, v.SecretAccessKey, ""), Time: at})
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join([]string{"bce-auth-v1", v.AccessKeyID, v.Timestamp, "1800", strings.Join(v.SignedHeaders, ";"), v.Signature}, "/")
			if diff := cmp.Diff(want, req.Header.Get("Authorization")); diff != "" {
				t.Error(diff)
			}
		})
	}
	if signed < 5 {
		t.Errorf("only %d vectors have the default set", signed)
	}
}

func TestCanonicalization(t *testing.T) {
	t.Parallel()
	for _, c := range readVectors(t).Canonicalization {
		if c.Encoded != "" {
			if got := uriEncode(c.Encode); got != c.Encoded {
				t.Errorf("uriEncode(%q)\n got %s\nwant %s", c.Encode, got, c.Encoded)
			}
		}
		if c.CanonicalQuery != "" {
			var pairs []string
			for _, pair := range c.Query {
				text := url.QueryEscape(*pair[0])
				if pair[1] != nil {
					text += "=" + url.QueryEscape(*pair[1])
				}
				pairs = append(pairs, text)
			}
			raw := strings.Join(pairs, "&")
			if got := canonicalQueryOf(t, raw); got != c.CanonicalQuery {
				t.Errorf("canonical query of %s\n got %s\nwant %s", raw, got, c.CanonicalQuery)
			}
		}
		if c.CanonicalHeaders != "" {
			v := vector{Headers: c.Headers}
			lines, _ := canonicalHeadersOf(slices.DeleteFunc(v.headers(), func(p param) bool { return p.name == "C" && p.value != "" }))
			if lines != c.CanonicalHeaders {
				t.Errorf("canonical headers of %v\n got %s\nwant %s", c.Headers, lines, c.CanonicalHeaders)
			}
		}
	}
}

// wireQuery returns the query as net/url writes it.
func (v vector) wireQuery() string {
	values := url.Values{}
	for name, value := range v.Query {
		values.Set(name, value)
	}
	return values.Encode()
}

// headers returns those that are signed, or all if the vector does not say.
func (v vector) headers() []param {
	var headers []param
	for name, value := range v.Headers {
		if v.SignedHeaders == nil || slices.Contains(v.SignedHeaders, name) {
			headers = append(headers, param{name, value})
		}
	}
	return headers
}

func (v vector) request(t *testing.T) *http.Request {
	t.Helper()
	req, err := http.NewRequest(v.Method, "https://"+v.Headers["host"]+v.Path+"?"+v.wireQuery(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range v.Headers {
		switch name {
		case "host", "x-bce-date":
		case "content-length":
			length := json.Number(value)
			if req.ContentLength, err = length.Int64(); err != nil {
				t.Fatal(err)
			}
			req.Body = struct {
				*strings.Reader
				closer
			}{Reader: strings.NewReader(strings.Repeat(" ", int(req.ContentLength)))}
		default:
			req.Header.Set(name, value)
		}
	}
	if req.ContentLength == 0 {
		req.Body, req.ContentLength = http.NoBody, -1 // the vector sends none
	}
	return req
}

type closer struct{}

func (closer) Close() error { return nil }
