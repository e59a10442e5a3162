package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
)

// Putting a batch in writes under no other hash tag than the batch's.
func TestTagsAreAllOfABatch(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	records := ledger.New(client)
	specs := []ledger.Spec{{Key: "a", Fingerprint: "f", ClientToken: "token", Body: "{}"}}
	_, err := records.Register(t.Context(), "b", ledger.Source{}, specs)
	for _, err := range []error{err, records.MarkEnqueued(t.Context(), "b", []string{"a"}), records.Commit(t.Context(), "b")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) < 3 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, key := range keys {
		if tag := tagOf(key); !slices.Contains(ledger.Tags("b"), tag) {
			t.Errorf("%s hangs on %q, which is not among %q", key, tag, ledger.Tags("b"))
		}
	}
}

// tagOf is what Redis Cluster hashes of a key.
func tagOf(key string) string {
	if _, after, found := strings.Cut(key, "{"); found {
		tag, _, _ := strings.Cut(after, "}")
		return tag
	}
	return key
}
