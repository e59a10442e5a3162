package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/bce/bcesim"
	"havip/internal/standalone"
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
	producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb))

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
	producer := tasks.NewProducer(records, asynq.NewClientFromRedisClient(rdb))

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

// exampleFleet stands for your Redis, your worker, and BCE, which is simulated.
func exampleFleet() (rdb redis.UniversalClient, stop func()) {
	ctx := context.Background()
	store, err := standalone.InProcess(ctx)
	if err != nil {
		log.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{})
	server := httptest.NewServer(sim)
	running, err := startWorker(store.Client(), server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	return store.Client(), func() {
		running.Stop()
		sim.Close()
		server.Close()
		_ = store.Close()
	}
}

// Ask for a batch, wait for it, and read what became of each item. Killed anywhere, it is run again.
func ExampleClient_Enqueue() {
	rdb, stop := exampleFleet()
	defer stop()
	ctx := context.Background()
	client := tasks.NewClient(rdb, tasks.WithRegion("bj"), tasks.WithAuthor("nightly job"))

	batch, err := client.Enqueue(ctx, "tenants",
		tasks.Item{Request: tasks.Request{Name: "vip-acme", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.10"}},
		tasks.Item{Request: tasks.Request{Name: "vip-initech", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.11"}},
	)
	if err != nil {
		log.Fatal(err)
	}
	done, err := batch.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(batch.Added, "new,", done.Failed(), "failed")
	for result, err := range batch.Results(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Key, result.State, result.PrivateIPAddress, result.HaVIPID != "")
	}
	// Output:
	// 2 new, 0 failed
	// vip-acme created 192.168.0.10 true
	// vip-initech created 192.168.0.11 true
}

// Automation that needs one haVipId calls Create as often as it likes.
func ExampleClient_Create() {
	rdb, stop := exampleFleet()
	defer stop()
	client := tasks.NewClient(rdb, tasks.WithRegion("bj"))
	item := tasks.Item{Request: tasks.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc"}}

	first, err := client.Create(context.Background(), "automation", item)
	if err != nil {
		log.Fatal(err)
	}
	again, err := client.Create(context.Background(), "automation", item)
	fmt.Println(first.State, again.HaVIPID == first.HaVIPID, err)

	item.Request.SubnetID = "sbn-9x2m4n6p"
	_, err = client.Create(context.Background(), "automation", item)
	var conflict *tasks.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println(conflict.Conflicts[0])
	}
	// Output:
	// created true <nil>
	// item "web-vip": subnetId is "sbn-dk8gl9bc" in the batch and "sbn-9x2m4n6p" here
}

// Hear what happens as it does. Whoever keeps the last event's ID goes on after it.
func ExampleBatch_Events() {
	rdb, stop := exampleFleet()
	defer stop()
	ctx := context.Background()
	client := tasks.NewClient(rdb, tasks.WithRegion("bj"))
	item := tasks.Item{Request: tasks.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.10"}}
	batch, err := client.Enqueue(ctx, "followed", item)
	if err != nil {
		log.Fatal(err)
	}

	last := "" // or the ID that was kept
	for event, err := range batch.Events(ctx, last) {
		var forgotten *tasks.ForgottenError
		if errors.As(err, &forgotten) {
			continue // batch.Results tells what happened meanwhile
		}
		if err != nil {
			log.Fatal(err)
		}
		if event.Key != "" { // an item's; the others are the batch's
			fmt.Println(event.Key, "is", event.Kind)
		}
		last = event.ID
	}
	for event, err := range batch.Events(ctx, last) {
		fmt.Println("not heard before:", event.Key, err)
	}
	// Output:
	// web-vip is created
}

// The same item always gets the same token, in every program that asks.
func ExampleClientToken() {
	fmt.Println(tasks.ClientToken("havips", "web-1", 1))
	// Output:
	// havip1-dlks3aqjslu4ovs4ohjbd64u7kwgkza5pskokrl7cwnjdg5pgcqq
}
