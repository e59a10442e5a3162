package tasks

import (
	"fmt"
	"strings"
	"testing"
)

// Known answers, computed by another implementation (Python's hashlib): a changed derivation
// would give every item of every ledger a new token.
func TestClientTokenKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		batch, key string
		generation int
		want       string
	}{
		{"havips", "web-1", 1, "havip1-dlks3aqjslu4ovs4ohjbd64u7kwgkza5pskokrl7cwnjdg5pgcqq"},
		{"havips", "web-1", 2, "havip1-mzfbadzkiqakzd4wimcx7b62o6aht6pkud3jv5b6thyth2hhn7sa"},
		{"北京", "出口", 1, "havip1-gtxaz7p2b3rubzy5zctjvtpikdrdoy5pc5ncfbxmkow7ku4tw5ea"},
	} {
		if got := ClientToken(test.batch, test.key, test.generation); got != test.want {
			t.Errorf("ClientToken(%q, %q, %d) = %q, want %q", test.batch, test.key, test.generation, got, test.want)
		}
	}
}

func TestClientTokensAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, batch := range []string{"a", "ab", "a/b", "", "b", "a\x00"} {
		for _, key := range []string{"b/c", "c", "bc", "", "/", "b", "\x00b"} {
			for generation := 1; generation <= 300; generation++ {
				token := ClientToken(batch, key, generation)
				item := fmt.Sprintf("%q %q %d", batch, key, generation)
				if other, taken := seen[token]; taken {
					t.Fatalf("%s and %s share token %s", item, other, token)
				}
				seen[token] = item
			}
		}
	}
}

func FuzzClientToken(f *testing.F) {
	f.Add("havips", "web-1", 1)
	f.Add("北京 \x00\xff", "{}/%", -7)
	f.Fuzz(func(t *testing.T, batch, key string, generation int) {
		token := ClientToken(batch, key, generation)
		if rule := tokenRule(strings.TrimPrefix(token, DerivedTokenPrefix)); rule != "" || len(token) > MaxTokenLength {
			t.Errorf("token %q: %s", token, rule)
		}
		if token != ClientToken(batch, key, generation) {
			t.Error("not the same twice")
		}
		if token == ClientToken(batch+"x", key, generation) || token == ClientToken(batch, key+"x", generation) {
			t.Error("two items share a token")
		}
	})
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	base := Item{Key: "k", Account: "default", Region: "bj", Request: Request{Name: "n", SubnetID: "sbn-1"}}
	same := base
	same.Key = "another key"
	if fingerprint(base) != fingerprint(same) {
		t.Error("the key is not part of the request")
	}
	changes := map[string]func(*Item){
		"account":     func(i *Item) { i.Account = "x" },
		"region":      func(i *Item) { i.Region = "gz" },
		"token":       func(i *Item) { i.ClientToken = "mine" },
		"name":        func(i *Item) { i.Request.Name = "m" },
		"subnet":      func(i *Item) { i.Request.SubnetID = "sbn-2" },
		"address":     func(i *Item) { i.Request.PrivateIPAddress = "10.0.0.1" },
		"description": func(i *Item) { i.Request.Description = "d" },
	}
	for name, change := range changes {
		changed := base
		change(&changed)
		if fingerprint(changed) == fingerprint(base) {
			t.Errorf("a changed %s goes unnoticed", name)
		}
	}
}
