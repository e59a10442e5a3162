package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/baidubce/bce-sdk-go/services/havip"

	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/tasks"
)

const (
	storeNone     = "none"
	storeRedis    = "Redis"
	storePostgres = "PostgreSQL"
)

// contender is one way to create many HaVIPs.
type contender struct {
	name, title, store string
	enqueue            func(ctx context.Context, p place) error
	// run does all items, in a process of its own; nil for the program worker.
	run func(ctx context.Context, j job, client *havip.Client) error
}

// contenders are what we compare ourselves with.
var contenders = []contender{
	{"loop", "goroutine loop + SDK", storeNone, func(context.Context, place) error { return nil }, runLoop},
	{"asynq", "asynq + SDK, 1 server", storeRedis, enqueueAsynq, runAsynq(1)},
	{"asynq4", "asynq + SDK, 4 servers", storeRedis, enqueueAsynq, runAsynq(4)},
	{"asynq8", "asynq + SDK, 8 servers", storeRedis, enqueueAsynq, runAsynq(8)},
	{"river", "River + SDK", storePostgres, enqueueRiver, runRiver},
}

const batch = "cost"

// ours is the program worker, with ledger and confirmation.
var ours = contender{name: "havip", title: "havip", store: storeRedis, enqueue: func(ctx context.Context, p place) error {
	return lab.Apply(ctx, p.store.(*lab.Redis).Client(), batch, p.Items)
}}

func names() (all []string) {
	for _, c := range contenders {
		all = append(all, c.name)
	}
	return all
}

// open starts the contender's store, and returns its address.
func (c contender) open(ctx context.Context, site *lab.Site) (store, string, error) {
	switch c.store {
	case storeRedis:
		server, err := site.Redis(ctx)
		if err != nil {
			return nil, "", err
		}
		return server, server.Addr, nil
	case storePostgres:
		server, err := site.Postgres(ctx)
		if err != nil {
			return nil, "", err
		}
		return server, server.Addr, migrateRiver(ctx, server.URL(server.Addr))
	default:
		return noStore{}, "", nil
	}
}

const roleContender = "contender"

// job is what a contender's process gets.
type job struct {
	Name               string
	Items, Concurrency int
	// Store is the address of Redis or the URL of PostgreSQL.
	Store, BCE string
}

// start starts the worker's process.
func (c contender) start(ctx context.Context, p place) (*lab.Process, error) {
	if c.run == nil {
		return p.site.Worker(ctx, p.addr, p.bce.URL, p.Concurrency)
	}
	j := job{Name: c.name, Items: p.Items, Concurrency: p.Concurrency, Store: p.addr, BCE: p.bce.URL}
	if server, ok := p.store.(*lab.Postgres); ok {
		j.Store = server.URL(p.addr)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return lab.Start(ctx, roleContender, string(text))
}

// await waits until the worker has done all items.
func (c contender) await(ctx context.Context, p place, worker *lab.Process) error {
	if c.run == nil {
		return lab.AwaitBatch(ctx, p.store.(*lab.Redis).Client(), batch)
	}
	_, err := worker.Line()
	return err
}

// playContender runs a contender, if this process was started as one, and then waits to be ended.
func playContender() bool {
	text, is := lab.Serving(roleContender)
	if !is {
		return false
	}
	if err := play(context.Background(), text); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(lab.ExitError)
	}
	fmt.Println("done")
	select {}
}

func play(ctx context.Context, text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	client, err := havip.NewClient(bcesim.SandboxKey, bcesim.SandboxKey, j.BCE)
	if err != nil {
		return err
	}
	chosen, err := choose(j.Name)
	if err != nil {
		return err
	}
	return chosen[0].run(ctx, j, client)
}

// args are the i-th item as Baidu's SDK wants it. The token is derived, so that a second run repeats it.
func args(i int) havip.CreateHaVipArgs {
	r := lab.Addressed(i)
	return havip.CreateHaVipArgs{
		ClientToken: tasks.ClientToken(batch, r.Name, 1), Name: r.Name, SubnetId: r.SubnetID, PrivateIpAddress: r.PrivateIPAddress,
	}
}
