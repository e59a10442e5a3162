//go:build unix

// Command chaos breaks everything at once, at random and repeatably, and then counts.
//
//	go run ./chaos -items 1000 -duration 10m -seed 7
//
// It runs the programs as their users do: workers and producers as processes, built with the race
// detector, a redis-server with an append-only file, and bcesim for BCE. While producers put in a few
// batches, a schedule that is drawn from the seed kills, stops and ends them, does the
// same to Redis, cuts and stalls the connections between any two of them, and lets the simulator fail in
// each way that it knows, at 25 % of its calls each.
//
// # The schedule
//
// One seed draws one schedule ([Draw]): what happens, to whom, when and for how long. What the
// processes make of it differs from run to run, as clocks and schedulers do; so a seed that found
// something is a good start for finding it again, and no promise.
//
// # A Redis that fails over
//
// With -redis sentinel (a master, a replica, three sentinels) and -redis cluster (three masters with a replica
// each), a master that is killed stays down until a replica has replaced it, and then comes back as a replica. Clients
// connect to each server by themselves, so nothing is done to their links; masters are killed the more often. Redis
// is whole again before the next: two failures at once lose data by its design. A producer that
// succeeds has waited until every replica confirmed its batch; a batch that is not in the ledger afterwards is lost.
//
// The run says how soon after each failover a worker sent a create again, counted from when the first sentinel, or node,
// named the new master. With -only-redis nothing else fails, so it must be within ten seconds.
//
// # The evaluation
//
// Then all faults end, and the batches have time to finish. What the simulator
// holds is compared with what `enqueue results` says, item by item ([Evaluate]): nothing missing,
// nothing twice, nothing unrecorded or recorded wrongly, no request without a clientToken, and no two
// requests under one token at once. `enqueue verify` must agree. A request whose worker was stopped
// (SIGSTOP) cannot be taken back by anybody; overlaps with such a one are counted apart.
//
// An item that is not finished when the patience ends is no violation but pending. So the patience is at least as long as
// an item may need: delays between attempts are up to a minute here (the workers' --max-delay), and an item of unknown
// outcome whose token may be dead, because BCE's clock stepped meanwhile, is looked up a minute after its last request and
// again a minute or more later, whatever the Redis is. Where the simulator replays refusals (-personality
// replay-refusals), a token can be left with an InternalError for good; its item is looked for when the
// token is too old, so such a run needs a -token-max-age of a minute or so. `make chaos-personalities` has
// a run for each thing that nobody knows about the API, and gives each what it needs.
//
// # What is held against what
//
// The suite's own proxies stand between the processes ([Link]). They cut and stall, and those
// before the simulator also note each create as it passes ([Journal]): which worker sent it, from
// when until when it waited for its answer. So overlaps are determined by what clients did, not by
// what the server noticed.
package main
