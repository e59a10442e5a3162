package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/tasks"
)

// DefaultStaleAfter is how long an item must be unchanged before its task is checked: workers check after a minute, a
// hundred items at a time.
const DefaultStaleAfter = time.Minute

// Doctor examines Redis, clocks, credentials, queues and workers. Redis is required; see the package comment.
type Doctor struct {
	Redis redis.Cmdable
	// Lanes are examined besides those that have a queue.
	Lanes []tasks.Lane
	// Open returns the client of a lane. If its error wraps [bce.ErrNoCredentials], the lane's BCE is not examined. With a
	// nil Open, no BCE is.
	Open func(ctx context.Context, lane tasks.Lane) (Cloud, error)
	// Reader reads a lane; nil means with the zero [tasks.Reader].
	Reader func(lane tasks.Lane) tasks.Reader
	// Serve is the remedy for tasks that no worker processes, such as "Run `enqueue run FILE`"; "" means to start a worker.
	Serve string
	// Versions names this program and its version of asynq.
	Versions string
	// StaleAfter is 0 for DefaultStaleAfter.
	StaleAfter time.Duration
	// UnservedAfter is how long a lane must be without a worker to be reported; 0 for [queue.UnservedAfter].
	UnservedAfter time.Duration
	// Fix repairs what is safe to repair.
	Fix bool
	// Now is this machine's clock; nil for [time.Now].
	Now func() time.Time
}

// examination is one run.
type examination struct {
	Doctor
	found  func(Diagnosis) error
	ledger *ledger.Ledger
	lanes  []tasks.Lane
	// served are the lanes that some worker serves.
	served map[tasks.Lane]bool
	// redisAhead is how far Redis's clock is ahead of this machine's.
	redisAhead time.Duration
}

// serve returns the first clause of the remedy for tasks that no worker processes.
func (d Doctor) serve() string { return cmp.Or(d.Serve, "Start a worker") }

// Examine calls found with every diagnosis, the widest first; an error of found ends it. It returns an error if Redis
// cannot be reached. A check that fails for another reason is a diagnosis, and the other checks continue.
func (d Doctor) Examine(ctx context.Context, found func(Diagnosis) error) error {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.StaleAfter == 0 {
		d.StaleAfter = DefaultStaleAfter
	}
	if d.UnservedAfter == 0 {
		d.UnservedAfter = queue.UnservedAfter
	}
	x := &examination{Doctor: d, found: found, ledger: ledger.New(d.Redis)}
	if err := x.store(ctx); err != nil {
		return err
	}
	checks := []check{
		{"permissions in Redis", x.permissions},
		{"versions", x.versions},
		{"clock", x.clock},
		{"lanes", x.findLanes},
		{"workers", x.workers},
		{"notifications", x.notifications},
	}
	if err := x.run(ctx, checks); err != nil {
		return err
	}
	for _, lane := range x.lanes {
		if err := x.run(ctx, x.laneChecks(lane)); err != nil {
			return err
		}
	}
	// Last, because the repairs above may have repaired items.
	return x.run(ctx, []check{{"paused batches", x.pausedBatches}, {"items", x.items}, {"records", x.records}, {"existing names", x.namesTaken}})
}

// check is one part of an examination; name is the subject if it fails.
type check struct {
	name string
	make func(context.Context) error
}

func (x *examination) laneChecks(lane tasks.Lane) []check {
	of := func(f func(context.Context, tasks.Lane) error) func(context.Context) error {
		return func(ctx context.Context) error { return f(ctx, lane) }
	}
	checks := []check{
		{"credentials of lane " + lane.String(), of(x.cloud)},
		{"suspensions of lane " + lane.String(), of(x.suspensions)},
		{"pause of lane " + lane.String(), of(x.pause)},
		{"worker of lane " + lane.String(), of(x.unserved)},
	}
	for _, q := range queue.Of(x.Redis, lane).All {
		in := func(f func(context.Context, *queue.Tasks) error) func(context.Context) error {
			return func(ctx context.Context) error { return f(ctx, queue.TasksOf(q)) }
		}
		checks = append(checks,
			check{"ids in the queue of " + q.Subject(), in(x.danglingIDs)},
			check{"active tasks of " + q.Subject(), in(x.orphans)},
			check{"archive of " + q.Subject(), in(x.archive)})
	}
	return checks
}

// reportError wraps an error of found.
type reportError struct{ error }

func (e reportError) Unwrap() error { return e.error }

func (x *examination) report(d Diagnosis) error {
	if err := x.found(d); err != nil {
		return reportError{err}
	}
	return nil
}

// run makes the checks. It reports a check that fails while Redis can be reached (such as for a missing permission), and
// continues.
func (x *examination) run(ctx context.Context, checks []check) error {
	for _, c := range checks {
		err := c.make(ctx)
		var reporting reportError
		switch {
		case err == nil:
			continue
		case errors.As(err, &reporting):
			return reporting.error
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if unreachable := redisconn.Ping(ctx, x.Redis); unreachable != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		failed := warning(CodeUnchecked, c.name, "This could not be checked: %v.", err).
			meaning("Problems here would go unnoticed.", "Allow the user of --redis to run the command that failed, or fix what the error reports.")
		if err := x.report(failed); err != nil {
			return err
		}
	}
	return nil
}

// store examines Redis itself, and disables repairs if it would lose or refuse them. A Redis without persistence is no
// reason: its operator has chosen that.
func (x *examination) store(ctx context.Context) error {
	findings, err := redisconn.Check(ctx, x.Redis)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if err := x.found(Diagnosis{Code: f.Code, Severity: f.Severity, Subject: "redis " + f.Node, What: f.What, Means: f.Why, Fix: f.Fix}); err != nil {
			return err
		}
	}
	unfit := slices.ContainsFunc(findings, func(f redisconn.Finding) bool {
		return f.Severity == redisconn.SeverityError && f.Code != redisconn.CodePersistence
	})
	if x.Fix && unfit {
		x.Fix = false
		return x.found(warning(CodeNotRepaired, "redis", "Nothing is repaired in this Redis.").
			meaning("This Redis could lose or refuse the repairs.", "Fix Redis first, then run this command again."))
	}
	return nil
}

// findLanes collects the lanes that have a queue, and [Doctor.Lanes].
func (x *examination) findLanes(ctx context.Context) error {
	lanes, err := queue.Lanes(ctx, x.Redis)
	if err != nil {
		return err
	}
	x.lanes = slices.Clone(x.Lanes)
	for _, lane := range lanes {
		if !slices.Contains(x.lanes, lane) {
			x.lanes = append(x.lanes, lane)
		}
	}
	x.served, err = queue.Serving(ctx, x.Redis, ledger.SilentAfter)
	return err
}

// permissions reports the commands that the Redis user may not send.
func (x *examination) permissions(ctx context.Context) error {
	missing, err := redisconn.MissingPermissions(ctx, x.Redis)
	if err != nil || len(missing) == 0 {
		return err
	}
	return x.report(warning(redisconn.CodeACL, "redis", "The Redis user may not run, or the server does not know: %s.", strings.Join(missing, ", ")).
		meaning("Operations that need one of these commands fail, some of them partway through.", "Grant them; the ACL section of docs/RUNBOOK.md has the rules."))
}
