package tasks_test

import (
	"context"
	"fmt"
	"log"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

// exampleRedis stands for the Redis of your workers.
func exampleRedis() (client *redis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	client = redis.NewClient(&redis.Options{Addr: server.Addr()})
	return client, func() { _ = client.Close(); server.Close() }
}

// Put in one item at a time. Doing it again is safe: the item is known by its batch and key.
func ExampleProducer_Enqueue() {
	rdb, stop := exampleRedis()
	defer stop()
	producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb), rdb)

	item := tasks.Item{
		Request: tasks.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc"},
	}.WithDefaults("bj")
	for range 2 {
		answer, err := producer.Enqueue(context.Background(), "tenants", item)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(item.Key, answer.Result, answer.State)
	}
	// Output:
	// web-vip new queued
	// web-vip same queued
}

// Put in a whole batch. Killed half-way, it is simply run again; conflicts are left as they are
// and reported.
func ExampleProducer_Apply() {
	rdb, stop := exampleRedis()
	defer stop()
	records := ledger.New(rdb)
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(rdb), rdb)

	rows := func(yield func(tasks.Row, error) bool) {
		for i := range 3 {
			name := fmt.Sprintf("vip-%d", i)
			item := tasks.Item{Request: tasks.Request{Name: name, SubnetID: "sbn-dk8gl9bc"}}
			if !yield(tasks.Row{Line: i + 1, Item: item.WithDefaults("bj")}, nil) {
				return
			}
		}
	}
	source := ledger.Source{By: "nightly job"}
	if err := producer.Apply(context.Background(), "nightly", source, rows, nil); err != nil {
		log.Fatal(err)
	}
	batch, err := records.Batch(context.Background(), "nightly")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(batch.Total, "items,", batch.Open(), "open")
	// Output:
	// 3 items, 3 open
}

// The same item always gets the same token, in every program that asks.
func ExampleClientToken() {
	fmt.Println(tasks.ClientToken("havips", "web-1", 1))
	// Output:
	// havip1-dlks3aqjslu4ovs4ohjbd64u7kwgkza5pskokrl7cwnjdg5pgcqq
}
