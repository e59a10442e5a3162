package ledger_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"havip/internal/redistest"
	"havip/ledger/ledgertest"
)

func TestLedgerOnRedis(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		return redistest.Start(t).Client(t)
	})
}

func TestLedgerOnMiniredis(t *testing.T) {
	t.Parallel()
	ledgertest.Exercise(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { _ = client.Close() })
		return client
	})
}
