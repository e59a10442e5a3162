package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/bench/lab"
	"havip/internal/metrics"
	"havip/internal/worker"
)

const roleParts = "parts"

// parts is what the process gets.
type parts struct {
	Redis, BCE string
	// Metrics is where to serve metrics; empty to count none.
	Metrics string
}

// startParts starts a worker in a process of this program.
func startParts(counted bool) func(context.Context, run) (*lab.Process, error) {
	return func(ctx context.Context, r run) (*lab.Process, error) {
		p := parts{Redis: r.redis, BCE: r.bce}
		if counted {
			p.Metrics = r.metrics
		}
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		return lab.Start(ctx, roleParts, string(text))
	}
}

// playParts runs the worker, if this process was started for it, until it is ended.
func playParts() bool {
	text, is := lab.Serving(roleParts)
	if !is {
		return false
	}
	if err := play(text); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(lab.ExitError)
	}
	select {}
}

func play(text string) error {
	var p parts
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	client, err := bce.NewClient(bce.Config{
		Endpoint: p.BCE, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: p.Redis})
	worker.ReserveHeap() // as the program does; it ends with the process
	config := worker.Config{
		Redis: rdb, Name: "parts", Logger: zerolog.Nop(), Concurrency: concurrency, Lanes: []worker.LaneConfig{{Lane: lab.Lane, API: client}},
	}
	if p.Metrics == "" {
		_, err = worker.Start(config)
		return err
	}
	m := metrics.New(metrics.NewState(rdb, time.Hour, zerolog.Nop()))
	config.Observer = m
	w, err := worker.Start(config)
	if err != nil {
		return err
	}
	m.Started(w)
	go func() { _ = http.ListenAndServe(p.Metrics, m.Handler(zerolog.Nop())) }()
	return nil
}
