// Follow prints what happens in a batch, an event a line, until nothing is left to do in it. It keeps the
// ID of the last event that it has dealt with in a file: killed, it goes on from there, in this process
// or on another machine, and leaves nothing out.
//
//	HAVIP_REDIS_URL=redis://127.0.0.1:6379/0 go run ./examples/follow tenants tenants.last
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"havip"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: follow BATCH FILE")
	}
	name, file := os.Args[1], os.Args[2]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rdb, err := havip.OpenRedis(ctx, os.Getenv("HAVIP_REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	last, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		log.Fatal(err)
	}
	batch := havip.NewClient(rdb).Batch(name)
	for event, err := range batch.Events(ctx, string(last)) {
		var forgotten *havip.ForgottenError
		if errors.As(err, &forgotten) {
			// What happened meanwhile is in batch.Results, of which nothing is forgotten.
			log.Print(err)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %-10s %q %q\n", event.At.Time().Format("15:04:05.000"), event.Kind, event.Key, event.Detail)
		// Written after the event is dealt with: one that was cut off here is seen again.
		if err := keep(file, event.ID); err != nil {
			log.Fatal(err)
		}
	}
}

// keep replaces the file whole: one that was cut off half-way holds the ID of before.
func keep(file, id string) error {
	if err := os.WriteFile(file+".new", []byte(id), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
