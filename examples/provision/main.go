// Provision requests a few HaVIPs, waits until they exist, and prints the results. Kill it at any moment and
// run it again, as often as you like: each is created once. The commands know its batch as well:
// `enqueue status tenants`.
//
//	HAVIP_REDIS_URL=redis://127.0.0.1:6379/0 go run ./examples/provision
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"havip"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rdb, err := havip.OpenRedis(ctx, os.Getenv("HAVIP_REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	client := havip.NewClient(rdb, havip.WithRegion("bj"), havip.WithAuthor("examples/provision"))

	var items []havip.Item
	for _, tenant := range []string{"acme", "北京", "initech"} {
		items = append(items, havip.Item{
			Key:     "tenant/" + tenant,
			Request: havip.Request{Name: "vip-" + tenant, SubnetID: "sbn-dk8gl9bc"},
		})
	}
	batch, err := client.Enqueue(ctx, "tenants", items...)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := batch.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	for result, err := range batch.Results(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s is %s: %q %s\n", result.Key, result.State, result.HaVIPID, result.PrivateIPAddress)
	}
}
