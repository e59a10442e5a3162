// Onefromscript prints the ID of the one HaVIP that has the given name, and creates it if need be: a step
// of a script that may be repeated after whatever went wrong, and always prints the same.
//
//	export HAVIP_REDIS_URL=redis://127.0.0.1:6379/0
//	vip=$(go run ./examples/onefromscript web-vip sbn-dk8gl9bc)
//
// The same from the shell, without Go, and as safe to repeat:
//
//	vip=$(enqueue create --batch automation --name web-vip --subnet sbn-dk8gl9bc --wait -o ndjson | jq -r .haVipId)
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"havip"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: onefromscript NAME SUBNET")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	rdb, err := havip.OpenRedis(ctx, os.Getenv("HAVIP_REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	client := havip.NewClient(rdb, havip.WithRegion("bj"), havip.WithAuthor("examples/onefromscript"))
	vip, err := client.Create(ctx, "automation", havip.Item{
		Request: havip.Request{Name: os.Args[1], SubnetID: os.Args[2]},
	})

	var conflict *havip.ConflictError
	var failed *havip.FailedError
	switch {
	case err == nil:
		fmt.Println(vip.HaVIPID)
	case errors.As(err, &conflict):
		log.Fatalf("the name was used for another request: %v", conflict.Conflicts[0])
	case errors.As(err, &failed):
		log.Fatalf("BCE refused it: %s %q", failed.Result.Code, failed.Result.Message)
	case errors.Is(err, context.DeadlineExceeded):
		log.Fatal("not finished yet; run the same command again to see the result")
	default:
		log.Fatal(err)
	}
}
