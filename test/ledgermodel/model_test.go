package ledgermodel_test

import (
	"flag"
	"os"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"havip/ledger"
	"havip/test/redistest"
)

// An item's story is longer than rapid's 30 steps, of which each item has a few. What the command line
// says is read later, and stands.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.steps", "50"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestLedgerIsAsItsModelOnMiniredis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	rapid.Check(t, func(t *rapid.T) { live(t, client) })
}

func TestLedgerIsAsItsModelOnRedis(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	rapid.Check(t, func(t *rapid.T) { live(t, client) })
}

// live tells one random story, on a Redis that is this test's own and is emptied first.
func live(t *rapid.T, client redis.UniversalClient) {
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	twins := newTwins(client)
	for _, batch := range batches {
		twins.call(t, batch, register{batch, ledger.Source{}, specsOf(batch, keysOf[batch][0])})
	}
	t.Repeat(map[string]func(*rapid.T){"step": twins.step})
	twins.audit(t)
}
