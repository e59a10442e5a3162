//go:build unix

package main

import "time"

// Fact is one thing that a verdict counts.
type Fact string

// The facts. All but the last three are violations.
const (
	// Missing: nothing exists for the row, and it was not refused.
	Missing Fact = "missing"
	// Duplicated: more than one HaVIP exists for the row.
	Duplicated Fact = "duplicated"
	// Unrecorded: something exists that no finished item says it has.
	Unrecorded Fact = "unrecorded"
	// Wrong: what the item says is not what exists, or not what was asked for.
	Wrong Fact = "wrongly recorded"
	// WithoutToken: a create was sent without a clientToken.
	WithoutToken Fact = "without-token"
	// Overlapping: two requests of one token were under way at once.
	Overlapping Fact = "overlapping"
	// Changed: one token was sent with two bodies.
	Changed Fact = "changed"
	// InReview: the item was given to a person. Nothing that the suite does calls for that.
	InReview Fact = "in review"
	// Disagreeing: `enqueue verify` finds what the suite does not, or cannot be had.
	Disagreeing Fact = "disagreeing"
	// Crashed: a program has a data race, or panicked.
	Crashed Fact = "crashed"
	// Idle: a worker never sent a create, so that the run shows less than it says.
	Idle Fact = "idle worker"

	// NotResumed: after a failover of Redis, no worker sent a create for too long.
	NotResumed Fact = "not resumed"
	// Lost: a producer succeeded, and a failover of Redis lost what it had enqueued.
	Lost Fact = "lost"

	// Pending: the item was not finished when the patience ended.
	Pending Fact = "pending"
	// WhileStopped: requests overlapped, and the worker of one was stopped.
	WhileStopped Fact = "overlapping while stopped"
	// NoAddress: the item exists, and its address was not learned.
	NoAddress Fact = "without address"
)

// violations are in the order of the verdict's line.
var violations = []Fact{Missing, Duplicated, Unrecorded, Wrong, WithoutToken, Overlapping, Changed, InReview, Disagreeing, Crashed, Idle, NotResumed, Lost}

// remarks are facts that are no violations.
var remarks = []Fact{Pending, WhileStopped, NoAddress}

// Result is a line of `enqueue results --attempts -o ndjson`, by the contract's names.
type Result struct {
	Batch       string    `json:"batch"`
	Key         string    `json:"key"`
	Line        int       `json:"line"`
	State       string    `json:"state"`
	HaVIPID     string    `json:"haVipId"`
	Name        string    `json:"name"`
	SubnetID    string    `json:"subnetId"`
	Address     string    `json:"privateIpAddress"`
	Region      string    `json:"region"`
	Attempts    int       `json:"attempts"`
	Code        string    `json:"code"`
	Message     string    `json:"message"`
	ClientToken string    `json:"clientToken"`
	UpdatedAt   string    `json:"updatedAt"`
	Log         []Attempt `json:"attemptLog"`
}

// Attempt is one request of an item's log.
type Attempt struct {
	Number     int    `json:"number"`
	At         string `json:"at"`
	Worker     string `json:"worker"`
	Class      string `json:"class"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	DurationMS int64  `json:"durationMs"`
}

// Observations are what a verdict is made from.
type Observations struct {
	Rows    []Row
	Results []Result
	// Made is everything that exists, Calls every request, by the simulator's account.
	Made  []Made
	Calls []Call
	// Sends are the creates that workers sent, by the suite's own account, and Stops when these
	// were stopped. Workers is how many of them ran, numbered from 0.
	Sends   []Send
	Stops   []Stop
	Workers int
	// Failovers are those of Redis, and Shards the shard of the queue of each region's lane. OnlyRedis says that nothing else failed.
	Failovers []Failover
	Shards    map[string]string
	OnlyRedis bool
	// WithoutToken and LiveOverlaps are the simulator's counts.
	WithoutToken, LiveOverlaps int64
	Now                        time.Time
}

// Finding is a fact about an item, or about a token.
type Finding struct {
	Fact Fact
	// Key and Token say whose log to look at; either may be "".
	Key, Token string
	Detail     string
}
