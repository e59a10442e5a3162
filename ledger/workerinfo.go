package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// WorkerInfo describes a live worker, for display and comparison, and says what it serves. It contains no secret.
type WorkerInfo struct {
	Version string `json:"version"`
	// Host is the name of the worker's machine; "" if it is not known.
	Host string `json:"host,omitempty"`
	// StartedAt is when the worker started, by its own clock; 0 if an older version did not write it.
	StartedAt Millis `json:"startedAt,omitempty"`
	// Concurrency is how many items of a lane are in flight at once.
	Concurrency int `json:"concurrency,omitempty"`
	// Lanes are the lanes that the worker serves.
	Lanes []WorkerLane `json:"lanes"`
	// Notifies says that the worker delivers notifications of completed batches.
	Notifies bool `json:"notifies,omitempty"`
}

// WorkerLane is a lane as one worker serves it.
type WorkerLane struct {
	// Lane is account/region.
	Lane string `json:"lane"`
	// Endpoint is the scheme and host that the worker sends to.
	Endpoint string `json:"endpoint"`
	// Simulator says that the endpoint is a simulator.
	Simulator bool `json:"simulator,omitempty"`
	// Key is the fingerprint of the worker's access key ID; see bce.Credentials.Fingerprint.
	Key string `json:"key"`
}

// Describe replaces the description of a live worker. It is removed when the worker leaves or is declared dead, and
// not stored for a worker that is not alive.
func (l *Ledger) Describe(ctx context.Context, worker string, info WorkerInfo) error {
	text, err := json.Marshal(info)
	if err == nil {
		_, err = l.runWorker(ctx, describeScript, worker, text)
	}
	return workerError("describe", worker, err)
}

// WorkerInfos returns the descriptions of the workers that are not declared dead, by name. A worker of another version may
// have none; unreadable ones are left out.
func (l *Ledger) WorkerInfos(ctx context.Context) (map[string]WorkerInfo, error) {
	beats, err := l.Beats(ctx)
	if err != nil {
		return nil, err
	}
	return l.infosOf(ctx, beats)
}

// RecentWorkerInfos is WorkerInfos without the workers whose last heartbeat is older than age, by Redis's clock.
func (l *Ledger) RecentWorkerInfos(ctx context.Context, age time.Duration) (map[string]WorkerInfo, error) {
	beats, err := l.Beats(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.time(ctx)
	if err != nil {
		return nil, fmt.Errorf("age of heartbeats: %w", err)
	}
	return l.infosOf(ctx, slices.DeleteFunc(beats, func(beat LastBeat) bool { return now.Sub(beat.At.Time()) > age }))
}

func (l *Ledger) infosOf(ctx context.Context, beats []LastBeat) (map[string]WorkerInfo, error) {
	texts, err := l.rdb.HGetAll(ctx, infoKey).Result()
	if err != nil {
		return nil, fmt.Errorf("descriptions of workers: %w", err)
	}
	infos := map[string]WorkerInfo{}
	for _, beat := range beats { // a worker of an older version declares dead without removing the description
		var info WorkerInfo
		if text, ok := texts[beat.Worker]; ok && json.Unmarshal([]byte(text), &info) == nil {
			infos[beat.Worker] = info
		}
	}
	return infos, nil
}
