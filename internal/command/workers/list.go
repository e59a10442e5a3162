package workers

import (
	"cmp"
	"time"

	"havip/internal/render"
	"havip/internal/words"
)

// row is a lane of a worker as -o json and ndjson show it.
type row struct {
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

	// quiet is the time since the last heartbeat, by Redis's clock.
	quiet time.Duration
}

func list() render.List[row] {
	optional := func(text func(row) string) func(row) string {
		return func(r row) string { return cmp.Or(text(r), "-") }
	}
	lane, host, key, version := func(r row) string { return r.Lane }, func(r row) string { return r.Host },
		func(r row) string { return r.Key }, func(r row) string { return r.Version }
	return render.List[row]{
		Columns: []render.Column[row]{
			{Name: "worker", Text: func(r row) string { return r.Worker }},
			{Name: "lane", Text: lane, Cell: optional(lane)},
			{Name: "host", Text: host, Cell: optional(host)},
			{Name: "endpoint", Text: func(r row) string { return r.Endpoint }, Cell: row.target, Color: row.targetColor},
			{Name: "key", Text: key, Cell: optional(key)},
			{Name: "version", Text: version, Cell: optional(version)},
			{Name: "concurrency", Number: func(r row) int64 { return int64(r.Concurrency) }},
			{Name: "startedAt", Head: "SINCE", Time: row.started},
			{Name: "lastHeartbeatAt", Head: "HEARTBEAT", Time: func(r row) time.Time { return r.LastHeartbeatAt }, Cell: row.heartbeat, Color: row.heartbeatColor},
		},
		Table:    []string{"worker", "lane", "startedAt", "lastHeartbeatAt", "version", "key", "endpoint"},
		Wide:     []string{"worker", "lane", "host", "startedAt", "lastHeartbeatAt", "version", "key", "concurrency", "endpoint"},
		Flexible: "endpoint", Dispensable: []string{"version"}, Folded: []string{"key"},
	}
}

func (r row) started() time.Time {
	if r.StartedAt == nil {
		return time.Time{}
	}
	return *r.StartedAt
}

// target is the endpoint, marked if it is a simulator.
func (r row) target() string {
	if r.Simulator {
		return "SIMULATOR " + r.Endpoint
	}
	return cmp.Or(r.Endpoint, "-")
}

func (r row) targetColor() render.Color {
	if r.Simulator {
		return render.Yellow
	}
	return ""
}

func (r row) heartbeat() string {
	if r.Silent {
		return "not heard from for " + words.Time(r.quiet)
	}
	return words.Time(r.quiet) + " ago"
}

func (r row) heartbeatColor() render.Color {
	if r.Silent {
		return render.Red
	}
	return ""
}
