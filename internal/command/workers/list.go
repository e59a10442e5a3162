package workers

import (
	"cmp"
	"time"

	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/words"
)

// row is a line of the table.
type row struct{ report.WorkerLane }

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
		return "not heard from for " + words.Time(r.Quiet)
	}
	return words.Time(r.Quiet) + " ago"
}

func (r row) heartbeatColor() render.Color {
	if r.Silent {
		return render.Red
	}
	return ""
}
