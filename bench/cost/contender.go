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
	// start starts the worker's process, and await waits until it has done all items.
	start func(ctx context.Context, p place) (*lab.Process, error)
	await func(ctx context.Context, p place, worker *lab.Process) error
}

// contenders are what we compare ourselves with.
var contenders = []contender{
	theirs("loop", "goroutine loop + SDK", storeNone, func(context.Context, place) error { return nil }, runLoop),
	theirs("asynq", "asynq + SDK, 1 server", storeRedis, enqueueAsynq, runAsynq(1)),
	theirs("asynq4", "asynq + SDK, 4 servers", storeRedis, enqueueAsynq, runAsynq(4)),
	theirs("asynq8", "asynq + SDK, 8 servers", storeRedis, enqueueAsynq, runAsynq(8)),
	theirs("river", "River + SDK", storePostgres, enqueueRiver, runRiver),
}

// ours is the program worker, with ledger and confirmation.
var ours = contender{
	name: "havip", title: "havip", store: storeRedis,
	enqueue: func(ctx context.Context, p place) error {
		return lab.Apply(ctx, p.store.(*lab.Redis).Client(), "cost", p.Items)
	},
	start: func(ctx context.Context, p place) (*lab.Process, error) {
		return p.site.Worker(ctx, p.addr, p.bce.URL, p.Concurrency)
	},
	await: func(ctx context.Context, p place, _ *lab.Process) error {
		return lab.AwaitBatch(ctx, p.store.(*lab.Redis).Client(), "cost")
	},
}

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

// job is what a contender's process is told.
type job struct {
	Name               string
	Items, Concurrency int
	// Store is the address of Redis or the URL of PostgreSQL.
	Store, BCE string
}

// running maps a contender's name to what its process does: it returns when all items are done.
var running = map[string]func(ctx context.Context, j job, client *havip.Client) error{}

// theirs is a contender that runs as a process of this program.
func theirs(name, title, kept string, enqueue func(context.Context, place) error, run func(context.Context, job, *havip.Client) error) contender {
	running[name] = run
	return contender{
		name: name, title: title, store: kept, enqueue: enqueue,
		start: func(ctx context.Context, p place) (*lab.Process, error) {
			j := job{Name: name, Items: p.Items, Concurrency: p.Concurrency, Store: p.addr, BCE: p.bce.URL}
			if server, ok := p.store.(*lab.Postgres); ok {
				j.Store = server.URL(p.addr)
			}
			text, err := json.Marshal(j)
			if err != nil {
				return nil, err
			}
			return lab.Start(ctx, roleContender, string(text))
		},
		await: func(_ context.Context, _ place, worker *lab.Process) error {
			_, err := worker.Line()
			return err
		},
	}
}

// playContender runs a contender, if this process was started as one, and then waits to be ended.
func playContender() bool {
	text, is := lab.Serving(roleContender)
	if !is {
		return false
	}
	lab.EndWithParent()
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
	return running[j.Name](ctx, j, client)
}

// args are the i-th item as Baidu's SDK wants it. The token is derived, so that a second run repeats it.
func args(i int) havip.CreateHaVipArgs {
	r := lab.Addressed(i)
	return havip.CreateHaVipArgs{
		ClientToken: tasks.ClientToken("cost", r.Name, 1), Name: r.Name, SubnetId: r.SubnetID, PrivateIpAddress: r.PrivateIPAddress,
	}
}
