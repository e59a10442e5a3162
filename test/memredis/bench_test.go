package memredis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
	"havip/test/memredis"
)

func BenchmarkHGet(b *testing.B) {
	rdb := newClient(b, memredis.New(time.Now))
	must(b, rdb.HSet(b.Context(), "h", "a", "1", "b", "2").Err())
	b.ReportAllocs()
	for b.Loop() {
		if err := rdb.HGet(b.Context(), "h", "a").Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSmallScript(b *testing.B) {
	rdb := newClient(b, memredis.New(time.Now))
	script := redis.NewScript(`return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)`)
	b.ReportAllocs()
	for b.Loop() {
		if err := script.Run(b.Context(), rdb, []string{"h"}, "a").Err(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchBatch is how many items a batch of the benchmarks has.
const benchBatch = 20

func specs() []ledger.Spec {
	list := make([]ledger.Spec, benchBatch)
	for i := range list {
		key := fmt.Sprintf("item-%02d", i)
		list[i] = ledger.Spec{Key: key, Fingerprint: "f" + key, ClientToken: "token-" + key, Account: "default", Region: "bj", Body: `{"name":"x"}`}
	}
	return list
}

// A batch of 20 items: registered, each begun and recorded; most of the calls are scripts.
func BenchmarkLedgerBatch(b *testing.B) {
	batch(b, func(*memredis.Store) {})
}

func BenchmarkLedgerBatchWithSnapshots(b *testing.B) {
	batch(b, func(store *memredis.Store) { store.Snapshot() })
}

func batch(b *testing.B, wrote func(*memredis.Store)) {
	b.Helper()
	b.ReportAllocs()
	items := specs()
	writes, records := 0, 0
	var recording time.Duration
	for b.Loop() {
		store := memredis.New(time.Now)
		last := 0
		rdb := store.Client(through(func() {
			if n := store.Writes(); n != last {
				last = n
				wrote(store)
			}
		}))
		l := ledger.New(rdb)
		if _, err := l.Register(b.Context(), "b", ledger.Source{}, items); err != nil {
			b.Fatal(err)
		}
		must(b, l.Commit(b.Context(), "b"))
		began := time.Now()
		for i, item := range items {
			beginAndRecord(b, l, item.Key, i)
			records++
		}
		recording += time.Since(began)
		must(b, rdb.Close())
		writes += store.Writes()
	}
	b.ReportMetric(float64(recording.Microseconds())/float64(records), "µs/begin+record")
	b.ReportMetric(float64(writes)/float64(b.N), "writes/op")
}

func beginAndRecord(b *testing.B, l *ledger.Ledger, key string, i int) {
	b.Helper()
	ticket := fmt.Sprint("t", i)
	start, err := l.Begin(b.Context(), "b", key, ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: ticket, Lease: time.Minute, Request: time.Second, TokenMaxAge: time.Hour, RetryHorizon: time.Hour})
	if err != nil || start.Result != lifecycle.StartSend {
		b.Fatal(start.Result, err)
	}
	_, _, err = l.Record(b.Context(), "b", key, start.Known, start.Item.Record.Sends, ledger.Outcome{
		Ticket: ticket, State: ledger.Created, Class: "created", Counted: true, Status: 200, HaVIPID: fmt.Sprint("havip-", i),
		PrivateIPAddress: "10.0.0.1",
	})
	must(b, err)
}

func BenchmarkStoreAndClient(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		must(b, memredis.New(time.Now).Client(nil).Close())
	}
}
