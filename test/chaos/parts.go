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
func (h *house) startCloud(ctx context.Context) error {
	log := h.log("bcesim")
	p, err := start(command{
		path: h.program("bcesim"), env: h.env(), dir: h.dir, log: log,
		args: []string{"--listen", "127.0.0.1:0", "--call-log", "0", "--personality", h.personality},
	})
	if err != nil {
		return err
	}
	h.running.Go(func() {
		select {
		case <-p.done:
			h.fail(fmt.Errorf("the simulator has ended; see %s", log))
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
			h.cloud = newCloud("http://" + string(match[1]))
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("the simulator does not listen; see %s", log)
}

func (h *house) startWorker(ctx context.Context, number int) error {
	address := h.cloud.url[len("http://"):]
	dialCloud := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	w := &worker{number: number}
	var err error
	if w.redis, err = newLink(ctx, h.store.dial, nil); err != nil {
		return err
	}
	if w.cloud, err = newLink(ctx, dialCloud, func() watcher { return h.journal.watch(number) }); err != nil {
		return err
	}
	w.command = command{
		path: h.program("worker"), args: h.workerArgs(), dir: h.dir, log: h.log("worker-" + strconv.Itoa(number)),
		env: h.env("HAVIP_REDIS_URL=redis://"+w.redis.Addr()+"/0", "BCE_ENDPOINT=http://"+w.cloud.Addr()),
	}
	h.workers = append(h.workers, w)
	h.running.Go(func() {
		if err := w.run(ctx); err != nil {
			h.fail(err)
		}
	})
	return nil
}

func (h *house) workerArgs() []string {
	// Stalled requests hold their places for long, and the lanes are to go on beside them.
	args := []string{"--concurrency", "40", "--rps", strconv.FormatFloat(h.rps, 'f', -1, 64), "--log-format", "json"}
	for _, region := range regions {
		args = append(args, "--lane", "default/"+region)
	}
	if h.maxDelay != 0 {
		args = append(args, "--max-delay", h.maxDelay.String())
	}
	if h.tokenMaxAge != 0 {
		args = append(args, "--token-max-age", h.tokenMaxAge.String())
	}
	return args
}
