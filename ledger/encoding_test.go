package ledger

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const body = `{"name":"web-1","subnetId":"sbn-1","privateIpAddress":"10.0.0.1","description":"a \"}"}`

// The texts are in Redis: what was written once stays readable.
func TestSpecTexts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec Spec
		text string
	}{
		"usual": {
			Spec{Line: 7, Account: "default", Region: "bj", Body: body},
			"7 default bj\n\x01web-1\x02sbn-1\x0310.0.0.1\x04a \\\x05\x05",
		},
		"with everything": {
			Spec{Account: "a", Region: "r", Priority: "low", OwnToken: "mine", Body: `{"name":"n","subnetId":"s","privateIpAddress":""}`},
			"0 a r low mine\n\x01n\x02s\x03\x05",
		},
		"own token without a priority": {Spec{Account: "a", Region: "r", OwnToken: "mine", Body: `[]`}, "0 a r  mine\n[]"},
		"a word with a space":          {Spec{Account: "a b", Region: "r", Body: `{}`}, `{"account":"a b","region":"r","body":"{}"}`},
		"a word with a line end":       {Spec{Account: "a", Region: "r\n", Body: `{}`}, `{"account":"a","region":"r\n","body":"{}"}`},
	} {
		text, err := encodeSpec(test.spec)
		if err != nil || text != test.text {
			t.Errorf("%s: got %q, %v; want %q", name, text, err, test.text)
		}
		test.spec.Key = "k"
		for _, stored := range []string{test.text, asJSON(t, test.spec)} { // as an earlier build stored it
			spec, err := decodeSpec("k", stored)
			if diff := cmp.Diff(test.spec, spec); err != nil || diff != "" {
				t.Errorf("%s: %q: %v\n%s", name, stored, err, diff)
			}
		}
	}
}

// Each attempt sends exactly the bytes that were registered.
func FuzzSpec(f *testing.F) {
	f.Add(7, "default", "bj", "", "", body)
	f.Add(0, "", " ", "\n", "{", "\"\x01\"")
	f.Add(math.MaxInt, "a", "b", "low", "mine", `{"name":"\u0001","subnetId":""}`)
	f.Fuzz(func(t *testing.T, line int, account, region, priority, own, body string) {
		spec := Spec{Key: "k", Line: line, Account: account, Region: region, Priority: priority, OwnToken: own, Body: body}
		text, err := encodeSpec(spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeSpec("k", text)
		if validateSpec(spec) != nil || len(text) > maxText || len(body) > maxText-2*maxShort || !validText(account, region, priority, own, body) {
			return
		}
		if diff := cmp.Diff(spec, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	})
}

// validText reports whether JSON keeps the texts.
func validText(texts ...string) bool {
	all := strings.Join(texts, "")
	return strings.ToValidUTF8(all, "") == all
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRecordTexts(t *testing.T) {
	t.Parallel()
	const token = "havip1-oedk257c4jlhwctddxonv5drixci4mxgyphgnjkiqj52dyt7a57q"
	waiting := Record{
		State: Queued, Generation: 1, ClientToken: token, Fingerprint: "f",
		RegisteredAt: 1_700_000_000_000, EnqueuedAt: 1_700_000_000_007, UpdatedAt: 1_700_000_000_007,
	}
	own, later, changed := waiting, waiting, waiting
	own.ClientToken, later.Generation, changed.UpdatedAt = "mine", 2, 1_700_000_000_009
	for want, record := range map[string]Record{
		`{"state":"queued","gen":1,"fingerprint":"f","registeredAt":1700000000000,"enqueuedAt":1700000000007}`:                           waiting,
		`{"state":"queued","gen":1,"token":"mine","fingerprint":"f","registeredAt":1700000000000,"enqueuedAt":1700000000007}`:            own,
		`{"state":"queued","gen":2,"token":"` + token + `","fingerprint":"f","registeredAt":1700000000000,"enqueuedAt":1700000000007}`:   later,
		`{"state":"queued","gen":1,"fingerprint":"f","registeredAt":1700000000000,"updatedAt":1700000000009,"enqueuedAt":1700000000007}`: changed,
	} {
		text, err := encodeRecord("spring", "web-1", record)
		if err != nil || text != want {
			t.Errorf("got  %s, %v\nwant %s", text, err, want)
		}
		for _, stored := range []string{want, asJSON(t, record)} { // as an earlier build stored it
			got, err := decodeRecord("spring", "web-1", stored)
			if diff := cmp.Diff(record, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", stored, err, diff)
			}
		}
	}
}
