//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"time"
)

// startPatience bounds the start of a program on a machine under load.
const startPatience = time.Minute

var listening = regexp.MustCompile(`listening on http://(\S+)`)

// startCloud starts the simulator. It is the truth, so it is the one thing that never dies.
func (env *environment) startCloud(ctx context.Context) error {
	log := env.logPath("bcesim")
	p, err := start(command{
		path: env.program("bcesim"), env: env.variables(), dir: env.dir, log: log,
		args: []string{"--listen", "127.0.0.1:0", "--call-log", "0", "--personality", env.personality},
	})
	if err != nil {
		return err
	}
	env.running.Go(func() {
		select {
		case <-p.done:
			env.fail(fmt.Errorf("the simulator has ended; see %s", log))
		case <-ctx.Done():
			p.kill()
		}
	})
	for deadline := time.Now().Add(startPatience); time.Now().Before(deadline); {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		if match := listening.FindSubmatch(text); match != nil {
			env.cloud = newCloud("http://" + string(match[1]))
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("the simulator does not listen; see %s", log)
}

func (env *environment) startWorker(ctx context.Context, number int) error {
	address := env.cloud.url[len("http://"):]
	dialCloud := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	w := &worker{number: number}
	var err error
	if w.redis, err = newLink(ctx, env.store.dial, nil); err != nil {
		return err
	}
	if w.cloud, err = newLink(ctx, dialCloud, func() watcher { return env.journal.watch(number) }); err != nil {
		return err
	}
	w.command = command{
		path: env.program("worker"), args: env.workerArgs(), dir: env.dir, log: env.logPath("worker-" + strconv.Itoa(number)),
		env: env.variables("HAVIP_REDIS_URL="+env.store.urlThrough(w.redis), "BCE_ENDPOINT="+endpoint, "HTTP_PROXY=http://"+w.cloud.Addr()),
	}
	env.workers = append(env.workers, w)
	env.running.Go(func() {
		if err := w.run(ctx); err != nil {
			env.fail(err)
		}
	})
	return nil
}

func (env *environment) workerArgs() []string {
	// Stalled requests hold their places for long, and the lanes are to go on beside them.
	// A clock that steps makes some tokens look dead, which costs less with a short --confirm-within.
	args := []string{"--allow-plain-http", "--confirm-within", confirmWithin.String(), "--concurrency", "40", "--rps", strconv.FormatFloat(env.rps, 'f', -1, 64), "--log-format", "json"}
	for _, region := range regions {
		args = append(args, "--lane", account+"/"+region)
	}
	if env.maxDelay != 0 {
		args = append(args, "--max-delay", env.maxDelay.String())
	}
	if env.tokenMaxAge != 0 {
		args = append(args, "--token-max-age", env.tokenMaxAge.String())
	}
	return args
}
