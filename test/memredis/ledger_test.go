package memredis_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/ledgertest"
	"havip/test/memredis"
)

// What holds for every Redis that a ledger lives in holds for this one.
func TestLedger(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		return newClient(t, memredis.New(time.Now))
	})
}

func newClient(tb testing.TB, store *memredis.Store) *redis.Client {
	tb.Helper()
	client := store.Client(nil)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}
