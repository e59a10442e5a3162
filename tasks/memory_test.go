package tasks_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// An item that waits, with its task, its record and all else, costs at most 900 bytes of a Redis with the settings of
// deploy/redis.conf.
func TestMemoryOfAWaitingItem(t *testing.T) {
	t.Parallel()
	const (
		items = 8000 // just below the size of a hash table
		limit = 900
	)
	rdb := redistest.Start(t, redistest.Lines("hash-max-listpack-entries 64", "hash-max-listpack-value 512")).Client(t)
	producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb), rdb)
	apply := func(batch string) int {
		t.Helper()
		rows := func(yield func(tasks.Row, error) bool) {
			for i := range items {
				item := tasks.Item{
					Key:     fmt.Sprintf("web-%07d", i),
					Request: tasks.Request{Name: batch + fmt.Sprintf("-vip-%07d", i), SubnetID: "sbn-dk8gl9bc", Description: fmt.Sprintf("row %d of the test", i)},
				}
				if !yield(tasks.Row{Line: i + 2, Item: item.WithDefaults("bj")}, nil) {
					return
				}
			}
		}
		if err := producer.Apply(t.Context(), batch, ledger.Source{File: batch + ".csv"}, rows, nil); err != nil {
			t.Fatal(err)
		}
		return usedMemory(t, rdb)
	}
	first := apply("once") // what Redis needs for connections and scripts is there after it
	bytes := (apply("more") - first) / items
	t.Logf("%d bytes an item", bytes)
	if bytes > limit || bytes < 300 {
		t.Errorf("%d bytes an item; at most %d are allowed", bytes, limit)
	}
}

// usedMemory returns what Redis has allocated, without the buffers of its connections.
func usedMemory(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	memory := rdb.InfoMap(t.Context(), "memory").Val()["Memory"]
	all, err := strconv.Atoi(memory["used_memory"])
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := strconv.Atoi(memory["mem_clients_normal"])
	if err != nil {
		t.Fatal(err)
	}
	return all - buffers
}
