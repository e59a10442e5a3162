package havip_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/redis/go-redis/v9"

	"havip"
	"havip/bce/bcesim"
	"havip/internal/redisconn"
	"havip/internal/standalone"
)

// exampleFleet stands for your Redis, your worker and BCE; it simulates them.
func exampleFleet() (rdb redis.UniversalClient, stop func()) {
	ctx := context.Background()
	store, err := standalone.InProcess(ctx)
	if err != nil {
		log.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{})
	server := httptest.NewServer(sim)
	running, err := startWorker(redisconn.Full(store.Client()), server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	return redisconn.Full(store.Client()), func() {
		running.Stop()
		sim.Close()
		server.Close()
		_ = store.Close()
	}
}

// Enqueue a batch, wait for it, and read each item's result. After a crash, run the program again.
func ExampleClient_Enqueue() {
	rdb, stop := exampleFleet()
	defer stop()
	ctx := context.Background()
	client := havip.NewClient(rdb, havip.WithRegion("bj"), havip.WithAuthor("nightly job"))

	batch, err := client.Enqueue(ctx, "tenants",
		havip.Item{Request: havip.Request{Name: "vip-acme", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.10"}},
		havip.Item{Request: havip.Request{Name: "vip-initech", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.11"}},
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

// Create may be called any number of times for one haVipId.
func ExampleClient_Create() {
	rdb, stop := exampleFleet()
	defer stop()
	client := havip.NewClient(rdb, havip.WithRegion("bj"))
	item := havip.Item{Request: havip.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc"}}

	first, err := client.Create(context.Background(), "automation", item)
	if err != nil {
		log.Fatal(err)
	}
	again, err := client.Create(context.Background(), "automation", item)
	fmt.Println(first.State, again.HaVIPID == first.HaVIPID, err)

	item.Request.SubnetID = "sbn-9x2m4n6p"
	_, err = client.Create(context.Background(), "automation", item)
	var conflict *havip.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println(conflict.Conflicts[0])
	}
	// Output:
	// created true <nil>
	// item "web-vip": subnetId is "sbn-dk8gl9bc" in the batch and "sbn-9x2m4n6p" here
}

// Follow a batch's events. To continue later, keep the ID of the last event.
func ExampleBatch_Events() {
	rdb, stop := exampleFleet()
	defer stop()
	ctx := context.Background()
	client := havip.NewClient(rdb, havip.WithRegion("bj"))
	item := havip.Item{Request: havip.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: "192.168.0.10"}}
	batch, err := client.Enqueue(ctx, "followed", item)
	if err != nil {
		log.Fatal(err)
	}

	last := "" // or the ID that was kept
	for event, err := range batch.Events(ctx, last) {
		var forgotten *havip.ForgottenError
		if errors.As(err, &forgotten) {
			continue // batch.Results has what the missing events reported
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
