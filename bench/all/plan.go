package main

// plan computes what more machines would do, from the medians of one run. Nothing of it is measured.
type plan struct {
	// Worker, Redis and Queue are µs of CPU for an item: of the worker, of the one thread of Redis that carries out commands, and of the part
	// of it that asynq's queue takes.
	Worker, Redis, Queue float64
	// WorkerWaiting and RedisWaiting are of a worker that waits for BCE most of the time.
	WorkerWaiting, RedisWaiting float64
	// Bytes is Redis's memory for a created item.
	Bytes float64
	// Idle is the commands a second of an idle worker.
	Idle float64
}

// busy is how much of its thread a Redis may use in the plan, so that pings stay fast and a failover is caught up with.
const busy = 0.7

// defaultRate is the worker's default of creates a second for a lane.
const defaultRate = 5.0

func newPlan(r *results) plan {
	p := plan{
		Worker: r.median(atOnce, us, metricWorker), Redis: r.median(atOnce, us, metricMain), Queue: r.median(atOnce, "asynq + SDK, 4 servers", metricMain),
		WorkerWaiting: r.median(waiting, us, metricWorker), RedisWaiting: r.median(waiting, us, metricMain),
	}
	for _, setting := range r.cases("Redis memory, bytes for a created item") {
		p.Bytes = r.median(setting, us, "Redis memory, bytes for a created item") // of the largest batch, which comes last
	}
	for _, c := range r.claims {
		if c.program == "latency" && len(c.Values) > 0 && c.What == "commands a second of Redis, idle worker with 1 lane" {
			p.Idle = c.Values[0]
		}
	}
	return p
}

// known is false if the run did not measure what the plan is computed from.
func (p plan) known() bool { return p.Worker > 0 && p.Redis > 0 && p.Queue > 0 }

// workers is the items a second of n workers with a core each.
func (p plan) workers(n int) float64 { return float64(n) * 1e6 / p.Worker }

// redis is the items a second of one Redis.
func (p plan) redis() float64 { return busy * 1e6 / p.Redis }

// oneLane is the items a second of a Cluster of so many masters if all items are of one lane, whose queue is on one master, and their batches
// on all.
func (p plan) oneLane(masters int) float64 {
	return busy * 1e6 / (p.Queue + (p.Redis-p.Queue)/float64(masters))
}

// manyLanes is the same if lanes, too, are spread over all masters.
func (p plan) manyLanes(masters int) float64 { return float64(masters) * p.redis() }

// planRow is a row of the plan's table: a Redis, the most items a second that it takes, how many workers fill it, and the items a second of
// 1, 10 and 100 workers.
type planRow struct {
	Redis      string
	Most, Full float64
	Rates      []float64
}

func (p plan) rows() (rows []planRow) {
	for _, row := range []planRow{
		{Redis: "one", Most: p.redis()},
		{Redis: "Cluster of 3 masters, one lane, many batches", Most: p.oneLane(3)},
		{Redis: "Cluster of 3 masters, many lanes and batches", Most: p.manyLanes(3)},
		{Redis: "Cluster of 9 masters, many lanes and batches", Most: p.manyLanes(9)},
	} {
		row.Full = row.Most / p.workers(1)
		for _, n := range []int{1, 10, 100} {
			row.Rates = append(row.Rates, min(row.Most, p.workers(n)))
		}
		rows = append(rows, row)
	}
	return rows
}

// planText is the plan as the document shows it.
type planText struct {
	plan

	Known                                   bool
	DefaultRate, BusyPercent                float64
	OneWorker, WorkersPerRedis, OneLaneMost float64
	HoursPerMillion, LanesPerCore           float64
	GiB, IdleHundred                        float64
	Rows                                    []planRow
}

func newPlanText(p plan) planText {
	t := planText{plan: p, Known: p.known(), DefaultRate: defaultRate, BusyPercent: 100 * busy}
	if !t.Known {
		return t
	}
	t.OneWorker, t.OneLaneMost, t.WorkersPerRedis = p.workers(1), busy*1e6/p.Queue, p.redis()/p.workers(1)
	t.HoursPerMillion, t.LanesPerCore = 1e6/defaultRate/3600, p.workers(1)/defaultRate
	t.GiB, t.IdleHundred = p.Bytes*1e6/(1<<30), p.Idle*100
	t.Rows = p.rows()
	return t
}
