package report

import (
	"context"
	"time"

	"havip/internal/session"
	"havip/ledger"
)

// WorkerLane is a lane of a worker as -o json and ndjson show it.
type WorkerLane struct {
	Worker string `json:"worker"`
	// Lane is account/region. It, Host, Endpoint, Key and Version are "", Concurrency 0 and StartedAt null, if a worker of
	// an older version does not report them.
	Lane      string `json:"lane"`
	Host      string `json:"host"`
	Endpoint  string `json:"endpoint"`
	Simulator bool   `json:"simulator"`
	// Key is the fingerprint of the access key ID.
	Key     string `json:"key"`
	Version string `json:"version"`
	// Concurrency is how many items of the lane the worker has in flight at once.
	Concurrency     int        `json:"concurrency"`
	StartedAt       *time.Time `json:"startedAt"`
	LastHeartbeatAt time.Time  `json:"lastHeartbeatAt"`
	// Silent reports that a live worker would have sent a heartbeat since.
	Silent bool `json:"silent"`

	// Quiet is the time since the last heartbeat, by Redis's clock.
	Quiet time.Duration `json:"-"`
}

// Workers reads the workers, the longest silent first. Redis's clock decides for how long: it dates the heartbeats.
func Workers(ctx context.Context, s *session.Session) ([]WorkerLane, error) {
	beats, err := s.Ledger.Beats(ctx)
	if err != nil {
		return nil, err
	}
	infos, err := s.Ledger.WorkerInfos(ctx)
	if err != nil {
		return nil, err
	}
	now, err := s.Redis.Time(ctx).Result()
	if err != nil {
		return nil, err
	}
	var rows []WorkerLane
	for _, beat := range beats {
		rows = append(rows, lanesOf(beat, infos[beat.Worker], now)...)
	}
	return rows, nil
}

// lanesOf returns a row for each lane of a worker. A worker of an older version, which describes itself less, has one as well.
func lanesOf(beat ledger.LastBeat, info ledger.WorkerInfo, now time.Time) []WorkerLane {
	at := beat.At.Time()
	r := WorkerLane{
		Worker: beat.Worker, Host: info.Host, Version: info.Version, Concurrency: info.Concurrency, LastHeartbeatAt: at,
		Quiet: now.Sub(at), Silent: now.Sub(at) > ledger.SilentAfter,
	}
	if info.StartedAt != 0 {
		started := info.StartedAt.Time()
		r.StartedAt = &started
	}
	if len(info.Lanes) == 0 {
		return []WorkerLane{r}
	}
	rows := make([]WorkerLane, len(info.Lanes))
	for i, l := range info.Lanes {
		rows[i] = r
		rows[i].Lane, rows[i].Endpoint, rows[i].Simulator, rows[i].Key = l.Lane, l.Endpoint, l.Simulator, l.Key
	}
	return rows
}
