package worker

import (
	"context"
	"os"
	"time"

	"havip/bce"
	"havip/internal/version"
	"havip/ledger"
)

// describeEvery is how often a worker checks whether its access keys have changed: a profile may be edited, and temporary
// credentials are renewed.
const describeEvery = 10 * time.Second

// keyHolder is a client that returns its current credentials; [*bce.Client] implements it.
type keyHolder interface {
	Credentials(ctx context.Context) (bce.Credentials, error)
}

// info returns the worker's description. An unavailable key is left empty.
func (c Config) info(ctx context.Context) ledger.WorkerInfo {
	host, _ := os.Hostname() // for people: without a name there is none to show
	info := ledger.WorkerInfo{
		Version: version.Read().String(), Host: host, StartedAt: ledger.Millis(c.started.UnixMilli()), Notifies: c.Webhook.Serves(),
	}
	for _, l := range c.Lanes {
		info.Concurrency = max(info.Concurrency, l.Concurrency)
		described := ledger.WorkerLane{Lane: l.Lane.String(), Endpoint: l.Cloud.Endpoint, Simulator: l.Simulated, Key: l.Cloud.Key}
		if client, ok := l.API.(keyHolder); ok && !l.Role && ctx.Err() == nil {
			current, _ := client.Credentials(withoutGuard(ctx)) // after an error, the lane's requests fail with the reason
			described.Key = current.Fingerprint()
		}
		info.Lanes = append(info.Lanes, described)
	}
	return info
}

// followKeys updates the worker's description, and probes lanes whose credentials change, until ctx ends. It reads credentials
// outside of the heartbeats, which must not wait for them.
func (w *Worker) followKeys(ctx context.Context) {
	tick := time.NewTicker(describeEvery)
	defer tick.Stop()
	for {
		for _, l := range w.parts.Lanes {
			l.followKey(ctx)
		}
		select {
		case <-tick.C:
			if info := w.parts.config.info(ctx); ctx.Err() == nil {
				w.parts.Membership.Describe(info)
			}
		case <-ctx.Done():
			return
		}
	}
}
