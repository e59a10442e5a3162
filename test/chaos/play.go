//go:build unix

package main

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// play does what the schedule says, each thing at its time, and returns when the duration is over
// and everything is healed.
func (env *environment) play(ctx context.Context, events []Event, told func(Event, error)) error {
	began := time.Now()
	// What an event began ends with the run at the latest.
	run, end := context.WithDeadline(ctx, began.Add(env.duration))
	defer end()
	var effects sync.WaitGroup
	for _, e := range events {
		if !pause(run, time.Until(began.Add(e.At))) {
			break
		}
		effects.Go(func() { told(e, env.do(run, e)) })
	}
	<-run.Done()
	effects.Wait()
	select {
	case err := <-env.failed:
		return err
	default:
		return ctx.Err()
	}
}

// do does one thing, and undoes it after its time.
func (env *environment) do(ctx context.Context, e Event) error {
	switch e.Kind {
	case KillWorker:
		env.workers[e.Target].end(syscall.SIGKILL, e.For)
	case EndWorker:
		env.workers[e.Target].end(syscall.SIGTERM, e.For)
	case StopWorker:
		resume := env.workers[e.Target].stop()
		pause(ctx, e.For)
		resume()
	case KillRedis:
		return env.store.hit(ctx, e.Target, func(n *node) error { return env.store.restart(ctx, n, n.kill, e.For) })
	case EndRedis:
		return env.store.hit(ctx, e.Target, func(n *node) error { return env.store.restart(ctx, n, func() { n.end(ctx) }, e.For) })
	case StopRedis:
		return env.store.hit(ctx, e.Target, func(n *node) error {
			n.stop()
			pause(ctx, e.For)
			n.resume()
			return nil
		})
	case CutRedis, RefuseRedis, StallRedis, CutCloud, RefuseCloud, StallCloud:
		env.disturb(ctx, e)
	case Apply, KillApply, EndApply, StopApply:
		return env.apply(ctx, e)
	case SetFaults:
		return env.cloud.setFaults(ctx, e.Spec)
	case Jump:
		return env.cloud.advance(ctx, e.For)
	default:
		return fmt.Errorf("event %q: nobody knows how", e.Kind)
	}
	return nil
}

// link is the one that the event is about.
func (env *environment) link(e Event) *Link {
	switch e.Kind {
	case CutCloud, RefuseCloud, StallCloud:
		return env.workers[e.Target].cloud
	default:
		if e.Target == producers {
			return env.producers
		}
		return env.workers[e.Target].redis
	}
}

func (env *environment) disturb(ctx context.Context, e Event) {
	link := env.link(e)
	switch e.Kind {
	case RefuseRedis, RefuseCloud:
		link.Refuse()
	case StallRedis, StallCloud:
		link.Stall(e.Direction)
	default:
		link.Cut()
		return
	}
	pause(ctx, e.For)
	link.Restore()
}

// apply starts a producer, which may fail and may meet its end. None is left when the run is over.
func (env *environment) apply(ctx context.Context, e Event) error {
	p, err := start(command{
		path: env.program("enqueue"), args: []string{"apply", env.files[e.Target], "--yes"}, dir: env.dir, log: env.logPath("producers"),
		env: env.variables("HAVIP_REDIS_URL=" + env.store.urlThrough(env.producers)),
	})
	if err != nil {
		return err
	}
	defer p.kill()
	if e.Kind != Apply {
		fate, cancel := context.WithTimeout(ctx, e.For)
		select {
		case <-p.done:
		case <-fate.Done():
		}
		cancel()
		switch e.Kind {
		case KillApply:
			p.signal(syscall.SIGKILL)
		case EndApply:
			p.signal(syscall.SIGTERM)
		default:
			p.signal(syscall.SIGSTOP)
			pause(ctx, e.For)
			p.signal(syscall.SIGCONT)
		}
	}
	select {
	case <-p.done:
		if p.cmd.ProcessState.Success() {
			env.confirmed.add(e.Target)
		}
	case <-ctx.Done():
	}
	return nil
}
