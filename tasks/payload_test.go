package tasks

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const contractPayload = `{"v":1,"batch":"b","key":"web-1","account":"default","region":"bj","clientToken":"mine","request":{"name":"web-1","subnetId":"sbn-1","privateIpAddress":"","description":""}}`

// The JSON is a contract: producers in any language write it.
func TestPayloadContract(t *testing.T) {
	t.Parallel()
	item := Item{Key: "web-1", Account: "default", Region: "bj", ClientToken: "mine", Request: Request{Name: "web-1", SubnetID: "sbn-1"}}
	if got := string(newPayload("b", item, "mine").Encode()); got != contractPayload {
		t.Errorf("got  %s\nwant %s", got, contractPayload)
	}
	p, err := DecodePayload([]byte(contractPayload))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(item, p.Item()); diff != "" {
		t.Error(diff)
	}
}

// What this package's own tasks carry: a worker reads the rest from the ledger.
const referencePayload = `{"v":2,"batch":"b","key":"web-1"}`

func TestReferencePayload(t *testing.T) {
	t.Parallel()
	if got := string(newReference("b", "web-1").Encode()); got != referencePayload {
		t.Errorf("got  %s\nwant %s", got, referencePayload)
	}
	// What else it has is ignored: the ledger decides.
	p, err := DecodePayload([]byte(strings.Replace(contractPayload, `"v":1`, `"v":2`, 1)))
	if err != nil || !p.Reference() || p != newReference("b", "web-1") {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestDecodePayload(t *testing.T) {
	t.Parallel()
	without := func(part, instead string) string { return strings.Replace(contractPayload, part, instead, 1) }
	tests := []struct{ name, payload, want string }{
		{"defaults", without(`"key":"web-1","account":"default",`, ""), ""},
		{"no token", without(`"clientToken":"mine",`, ""), ""},
		{"fields of a producer's own", without(`"v":1`, `"v":1,"ticket":{"x":[1]}`), ""},
		{"empty", "", "payload: not JSON: unexpected end of JSON input at byte 0"},
		{"garbage", "\x00\xff", "payload: not JSON: invalid character '\\x00' looking for beginning of value at byte 1"},
		{"null", "null", "payload: version 0 is not supported; this worker reads versions 1 and 2"},
		{"later version", without(`"v":1`, `"v":3`), "payload: version 3 is not supported; this worker reads versions 1 and 2"},
		{"a reference", referencePayload, ""},
		{"a reference with fields of a producer's own", `{"v":2,"batch":"b","key":"web-1","ticket":7}`, ""},
		{"a reference without a key", `{"v":2,"batch":"b","request":{"name":"web-1"}}`, `payload: key "": is required`},
		{"a reference without a batch", `{"v":2,"key":"web-1"}`, `payload: batch "": is required`},
		{"a reference to a key with a space", `{"v":2,"batch":"b","key":" web-1"}`, `payload: key " web-1": must not start or end with space`},
		{"a reference to a long key", `{"v":2,"batch":"b","key":"` + strings.Repeat("k", MaxKeyLength+1) + `"}`, `payload: key "` + strings.Repeat("k", maxShownOfValue) + `…": has 257 bytes; at most 256 are allowed`},
		{"a reference to braces", `{"v":2,"batch":"{b}","key":"web-1"}`, `payload: batch "{b}": must not contain { or }`},
		{"wrong type", without(`"key":"web-1"`, `"key":7`), `payload: field "key" must be a string, not a number`},
		{"an array", "[]", "payload: it must be an object, not an array"},
		{"version of text", without(`"v":1`, `"v":"1"`), `payload: field "v" must be a whole number, not a string`},
		{"fraction of a version", without(`"v":1`, `"v":1.5`), `payload: field "v" must be a whole number, not a number 1.5`},
		{"request of text", `{"v":1,"request":"x"}`, `payload: field "request" must be an object, not a string`},
		{"no batch", without(`"batch":"b"`, `"batch":""`), `payload: batch "": is required`},
		{"braces", without(`"batch":"b"`, `"batch":"{b}"`), `payload: batch "{b}": must not contain { or }`},
		{"no region", without(`"region":"bj",`, ""), `payload: region "": is required`},
		{"a derived token without end", without(`"mine"`, `"havip1-`+strings.Repeat("x", MaxTokenLength)+`"`), `payload: clientToken "havip1-` + strings.Repeat("x", MaxTokenLength) + `": has 71 bytes; at most 64 ASCII characters are allowed`},
		{"without end", without(`"v":1`, `"v":1,"own":"`+strings.Repeat("x", maxPayload)+`"`), "payload: has 262326 bytes; at most 262144 are allowed"},
		{"bad name", without(`"name":"web-1"`, `"name":"1"`), `payload: name "1": must start with a letter or a Chinese character`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := DecodePayload([]byte(test.payload))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// What is wrong with a payload goes into a log and into asynq's archive, whatever stands in the payload.
func TestPayloadErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("北", 1<<19)
	for name, payload := range map[string]string{
		"batch":  strings.Replace(contractPayload, `"batch":"b"`, `"batch":"`+long+`"`, 1),
		"name":   strings.Replace(contractPayload, `"name":"web-1"`, `"name":"`+long+`"`, 1),
		"number": strings.Replace(contractPayload, `"v":1`, `"v":1.`+strings.Repeat("7", 1<<19), 1),
	} {
		_, err := DecodePayload([]byte(payload))
		if err == nil || len(err.Error()) > 400 || !utf8.ValidString(err.Error()) {
			t.Errorf("%s: %.500v", name, err)
		}
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(contractPayload))
	f.Add([]byte(`{"v":1,"batch":"北京","region":"bj","request":{"name":"网","subnetId":"sbn-1"}}`))
	f.Add([]byte(referencePayload))
	f.Add([]byte(`[]`))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePayload(data)
		if err != nil {
			var payload *PayloadError
			if !errors.As(err, &payload) {
				t.Fatalf("error %T is no PayloadError", err)
			}
			return
		}
		if faults := p.Item().Validate(); len(faults) > 0 && !p.Reference() {
			t.Fatalf("accepted with faults: %v", faults)
		}
		again, err := DecodePayload(p.Encode())
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Error(diff)
		}
		if id := TaskID(p.Batch, p.Key, 1); strings.ContainsAny(id, "{} \x00\n") {
			t.Errorf("task id %q", id)
		}
	})
}

func TestTaskID(t *testing.T) {
	t.Parallel()
	if got, want := TaskID("a/b", "c {1}", 2), "a%2Fb/c%20%7B1%7D/2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if TaskID("a/b", "c", 1) == TaskID("a", "b/c", 1) {
		t.Error("two items share a task ID")
	}
}

func TestParseLane(t *testing.T) {
	t.Parallel()
	l, err := ParseLane("team_1/bj")
	if err != nil || l.String() != "team_1/bj" || l.Queue() != "havip.team_1.bj" {
		t.Errorf("got %v, %v", l, err)
	}
	for _, bad := range []string{"", "bj", "/bj", "a/", "a/b/c", "a.b/bj", "a b/bj", "{a}/bj"} {
		if _, err := ParseLane(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// The region of another producer's task is that of the queue which the task stands in.
func TestPayloadKeepsItsRegion(t *testing.T) {
	t.Parallel()
	p, err := DecodePayload([]byte(`{"v":1,"batch":"b","key":"k","region":"BJ","request":{"name":"web","subnetId":"sbn-a"}}`))
	if err != nil || p.Region != "BJ" || p.Item().Region != "BJ" {
		t.Errorf("got %+v, %v", p.Item(), err)
	}
}
