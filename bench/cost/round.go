package main

import (
	"context"

	"havip/bench/lab"
)

// sample is what a round measured, for one item: CPU in µs, of the store with enqueueing, commands and reads of the store while the
// item is processed. Memory is the worker's peak in MiB, and tail the seconds from the last create until all items were done.
type sample struct{ rate, tail, worker, store, main, commands, reads, script, memory float64 }

// store is what a contender keeps its queue in.
type store interface {
	Usage(ctx context.Context) (lab.Usage, error)
	Close()
}

// noStore is for a contender that keeps nothing.
type noStore struct{}

func (noStore) Usage(context.Context) (u lab.Usage, err error) { return u, nil }

func (noStore) Close() {}

// place is where a round takes place: a store, the address by which the worker reaches it, and BCE.
type place struct {
	setting

	site  *lab.Site
	store store
	addr  string
	bce   *lab.BCE
}

func round(ctx context.Context, site *lab.Site, s setting, c contender) (m sample, err error) {
	p := place{setting: s, site: site}
	if p.store, p.addr, err = c.open(ctx, site); err != nil {
		return m, err
	}
	defer p.store.Close()
	fresh, err := p.store.Usage(ctx)
	if err != nil {
		return m, err
	}
	if err := c.enqueue(ctx, p); err != nil {
		return m, err
	}
	before, err := p.store.Usage(ctx)
	if err != nil {
		return m, err
	}
	if s.Away > 0 && p.addr != "" {
		slow, err := lab.NewSlow(ctx, p.addr, s.Away)
		if err != nil {
			return m, err
		}
		defer slow.Close()
		p.addr = slow.Addr()
	}
	if p.bce, err = site.BCE(ctx, s.Latency); err != nil {
		return m, err
	}
	defer p.bce.Stop()
	if err := p.process(ctx, c, &m); err != nil {
		return m, err
	}
	after, err := p.store.Usage(ctx)
	if err != nil {
		return m, err
	}
	n := float64(s.Items)
	whole, processing := after.Minus(fresh), after.Minus(before)
	m.store, m.main = whole.CPU*1e6/n, whole.Main*1e6/n
	m.commands, m.reads = processing.Commands/n, processing.Reads/n
	if server, ok := p.store.(*lab.Redis); ok {
		_, m.script, err = server.Scripts(ctx)
	}
	return m, err
}

// process starts the worker, waits until the items are done, and ends it.
func (p place) process(ctx context.Context, c contender, m *sample) error {
	worker, err := c.start(ctx, p)
	if err != nil {
		return err
	}
	defer worker.Kill()
	used, err := worker.Measure(ctx, p.bce, func() error { return c.await(ctx, p, worker) })
	if err != nil {
		return err
	}
	m.rate, m.tail = float64(p.Items)/used.Time.Seconds(), used.Tail.Seconds()
	m.worker, m.memory = used.CPU*1e6/float64(p.Items), used.Peak
	return p.bce.Require(ctx, p.Items)
}
