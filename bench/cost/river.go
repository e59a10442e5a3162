package main

import (
	"context"
	"fmt"
	"time"

	"github.com/baidubce/bce-sdk-go/services/havip"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"havip/bench/lab"
)

// createArgs is a job of River.
type createArgs struct {
	Item havip.CreateHaVipArgs `json:"item"`
}

func (createArgs) Kind() string { return "create" }

type createWorker struct {
	river.WorkerDefaults[createArgs]

	client *havip.Client
}

func (w *createWorker) Work(_ context.Context, j *river.Job[createArgs]) error {
	_, err := w.client.CreateHaVip(&j.Args.Item)
	return err
}

// migrateRiver creates River's tables.
func migrateRiver(ctx context.Context, url string) error {
	return withPool(ctx, url, func(pool *pgxpool.Pool) error {
		migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

// enqueueRiver puts in all jobs with COPY.
func enqueueRiver(ctx context.Context, p place) error {
	server := p.store.(*lab.Postgres)
	return withPool(ctx, server.URL(server.Addr), func(pool *pgxpool.Pool) error {
		client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
		if err != nil {
			return err
		}
		jobs := make([]river.InsertManyParams, p.Items)
		for i := range jobs {
			jobs[i].Args = createArgs{args(i)}
		}
		_, err = client.InsertManyFast(ctx, jobs)
		return err
	})
}

// runRiver works until River has completed all jobs.
func runRiver(ctx context.Context, j job, client *havip.Client) error {
	return withPool(ctx, j.Store, func(pool *pgxpool.Pool) error {
		workers := river.NewWorkers()
		river.AddWorker(workers, &createWorker{client: client})
		queue, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
			Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.Concurrency}}, Workers: workers,
			// With the default of 100 ms, 64 in flight would be 640 items a second at most.
			FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
		})
		if err != nil {
			return err
		}
		events, unsubscribe := queue.SubscribeConfig(&river.SubscribeConfig{
			Kinds: []river.EventKind{river.EventKindJobCompleted, river.EventKindJobFailed}, ChanSize: j.Items,
		})
		defer unsubscribe()
		if err := queue.Start(ctx); err != nil {
			return err
		}
		for range j.Items {
			if event := <-events; event.Kind != river.EventKindJobCompleted {
				return fmt.Errorf("job %d: %v", event.Job.ID, event.Job.Errors)
			}
		}
		return nil
	})
}

func withPool(ctx context.Context, url string, use func(*pgxpool.Pool) error) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.MaxConns = 16 // pgx's default, the number of processors but at least 4, is little for a store that is away

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	return use(pool)
}
