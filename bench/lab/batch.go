package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/bce/bcesim"
	"havip/ledger"
	"havip/tasks"
)

// Lane is the one that all items are of.
var Lane = tasks.Lane{Account: tasks.DefaultAccount, Region: "bj"}

// Addressed is the request of the i-th item, with an address, so that BCE's answer is all there is to learn.
func Addressed(i int) tasks.Request {
	return tasks.Request{
		Name: fmt.Sprintf("vip-%d", i), SubnetID: "sbn-dk8gl9bc", PrivateIPAddress: fmt.Sprintf("10.%d.%d.%d", i/60000, i/240%250, i%240+5),
	}
}

// Apply enqueues a batch of addressed items as `enqueue apply` does.
func Apply(ctx context.Context, rdb redis.UniversalClient, batch string, items int) error {
	producer, release, err := tasks.PipelinedProducer(ledger.New(rdb), rdb)
	if err != nil {
		return err
	}
	defer release()
	return producer.Apply(ctx, batch, ledger.Source{}, func(yield func(tasks.Row, error) bool) {
		for i := range items {
			item := tasks.Item{Request: Addressed(i)}.WithDefaults(Lane.Region)
			if !yield(tasks.Row{Line: i + 1, Item: item}, nil) {
				return
			}
		}
	}, nil)
}

// AwaitBatch waits until every item of a batch has its final state.
func AwaitBatch(ctx context.Context, rdb redis.UniversalClient, batch string) error {
	records := ledger.New(rdb)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if b, err := records.Batch(ctx, batch); err != nil || b.Done() {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Worker starts the program worker without a limit of its rate; more are flags. Its log goes to a file.
func (s *Site) Worker(ctx context.Context, redisAddr, bceURL string, concurrency int, more ...string) (*Process, error) {
	return s.WorkerWith(ctx, nil, redisAddr, bceURL, concurrency, more...)
}

// WorkerWith is Worker with variables of its environment.
func (s *Site) WorkerWith(ctx context.Context, variables []string, redisAddr, bceURL string, concurrency int, more ...string) (*Process, error) {
	args := append([]string{"--rps=0", "--listen=", "--concurrency=" + strconv.Itoa(concurrency), "--log-format=json"}, more...)
	cmd := exec.CommandContext(ctx, s.Path("worker"), args...)
	cmd.Env = append(os.Environ(), "HAVIP_REDIS_URL=redis://"+redisAddr+"/0", "BCE_ENDPOINT="+bceURL,
		"BCE_ACCESS_KEY_ID="+bcesim.SandboxKey, "BCE_SECRET_ACCESS_KEY="+bcesim.SandboxKey, "XDG_STATE_HOME="+s.Dir)
	cmd.Env = append(cmd.Env, variables...)
	log, err := os.Create(s.Path("worker.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the worker has its own
	cmd.Stderr = log
	return start(cmd)
}
