package redisconn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	// lagPatience bounds the wait for a replica, which lags by milliseconds when all is well.
	lagPatience = 2 * time.Second
	// failoverPatience bounds the wait for a failover that is in progress, which takes seconds.
	failoverPatience = 10 * time.Second
	// failoverPoll is the pause between two looks at a failover.
	failoverPoll = 100 * time.Millisecond
	// markerTTL is far longer than a check, and than clocks of two hosts differ.
	markerTTL = 10 * time.Minute
)

// NotReplicatedError says that a failover of Redis could still lose what was written, or has lost it.
type NotReplicatedError struct {
	// Reason is a clause.
	Reason string
	// passing says that it may be otherwise in a moment: a failover is in progress.
	passing bool
}

func (e *NotReplicatedError) Error() string { return e.Reason }

func moving(reason string) error { return &NotReplicatedError{Reason: reason, passing: true} }

func lost(reason string) error { return &NotReplicatedError{Reason: reason} }

// ReplicationCheck verifies that the writes between its start and [ReplicationCheck.Verify] survive a
// failover of Redis. A Redis acknowledges a write before it passes it on, in order, so a replica that takes
// its place may lack the last of what was acknowledged. It is verified when
//
//   - the same master has taken all writes, which the ID of its replication history shows;
//   - every replica that the master, the sentinels or the cluster's nodes know of has confirmed a marker that
//     was written after them;
//   - after that, they still agree on that master, and no failover is in progress.
//
// A server without known replicas is not checked: no other server can take its place.
type ReplicationCheck struct {
	topology topology
	shards   []*shard
	// lag and failover are the patience with each.
	lag, failover time.Duration
}

// shard is the master of some of the keys.
type shard struct {
	// marker is a key of its own for each check.
	marker string
	// history is the replication history that has all writes.
	history string
	// replicas is the most that were known.
	replicas int
	// marked says that the marker was written after all writes: a master that has it has them.
	marked bool
	// replaced says that a new master was found to have it; its replicas may take a moment to follow.
	replaced bool
	// unsettled says that a failover was in progress at the start.
	unsettled error
}

// StartReplicationCheck begins a check of writes whose keys have these hash tags. It is called before the
// first of them, and waits a while for a failover that is in progress. The URL is the client's.
func StartReplicationCheck(ctx context.Context, client redis.Cmdable, rawURL string, tags ...string) (*ReplicationCheck, error) {
	t, err := topologyOf(client, rawURL)
	if err != nil {
		return nil, fmt.Errorf("replication check: %w", err)
	}
	c := &ReplicationCheck{topology: t, lag: lagPatience, failover: failoverPatience}
	id := uuid.NewString()
	for _, tag := range t.slots(tags) {
		s := &shard{marker: "havip:{" + tag + "}:replicated:" + id}
		if err := c.begin(ctx, s); err != nil {
			return nil, fmt.Errorf("replication check: %w", err)
		}
		c.shards = append(c.shards, s)
	}
	return c, nil
}

// begin notes the master that takes the writes.
func (c *ReplicationCheck) begin(ctx context.Context, s *shard) error {
	err := c.untilSettled(ctx, func() error {
		server, err := c.topology.server(ctx, s.marker)
		if err != nil {
			return err
		}
		r, err := replicationOf(ctx, server)
		if err != nil {
			return err
		}
		others := c.topology.survey(ctx, s.marker)
		s.history, s.replicas = r.history, max(r.expected, others.replicas)
		if s.replicas == 0 {
			return nil
		}
		return others.agree(r)
	})
	var unsettled *NotReplicatedError
	if errors.As(err, &unsettled) {
		s.unsettled, err = err, nil
	}
	return err
}

// agree fails if the server is not the master that the others name.
func (s survey) agree(r replication) error {
	switch {
	case s.moving != "":
		return moving(s.moving)
	case r.replica:
		return moving("the master has become a replica")
	case s.master != nil && (s.master.replica || s.master.history != r.history):
		return moving("another server is taking the master's place")
	}
	return nil
}

// untilSettled repeats what fails for a failover that is in progress, for a while.
func (c *ReplicationCheck) untilSettled(ctx context.Context, try func() error) error {
	poll := time.NewTicker(failoverPoll)
	defer poll.Stop()
	for until := time.Now().Add(c.failover); ; {
		err := try()
		var reason *NotReplicatedError
		if !errors.As(err, &reason) || !reason.passing || time.Now().After(until) {
			return err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Verify returns nil if what was written since the start survives a failover, and a [*NotReplicatedError] if
// that is not so, or cannot be known.
func (c *ReplicationCheck) Verify(ctx context.Context) error {
	for _, s := range c.shards {
		if s.unsettled != nil {
			return s.unsettled
		}
		if err := c.untilSettled(ctx, func() error { return c.try(ctx, s) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *ReplicationCheck) try(ctx context.Context, s *shard) error {
	confirmed, err := c.confirm(ctx, s)
	var known *NotReplicatedError
	switch {
	case err == nil && confirmed > 0:
		return c.topology.confirmed(ctx, confirmed)
	case err == nil, errors.As(err, &known), ctx.Err() != nil:
		return err
	case s.replicas == 0:
		return nil // it is gone, and there is nobody to take its place
	case redis.IsPermissionError(err):
		return lost(err.Error())
	}
	// The connection broke, as it does when the master is replaced.
	return moving(err.Error())
}

// confirm has every replica of the shard's master confirm the marker. All of it goes over one connection: WAIT
// is about the connection's own writes, and a write stands for all before it. It returns how many there are.
func (c *ReplicationCheck) confirm(ctx context.Context, s *shard) (replicas int, err error) {
	server, err := c.topology.server(ctx, s.marker)
	if err != nil {
		return 0, err
	}
	conn := oneConnection(server)
	defer func() { _ = conn.Close() }()
	before, err := replicationOf(ctx, conn)
	if err != nil {
		return 0, err
	}
	s.replicas = max(s.replicas, before.expected, c.topology.survey(ctx, s.marker).replicas)
	if s.replicas == 0 {
		return 0, nil
	}
	if err := s.mark(ctx, conn, before); err != nil {
		return 0, err
	}
	confirmed, err := conn.Wait(ctx, s.replicas, c.lag).Result()
	if err != nil {
		return 0, err
	}
	after, err := replicationOf(ctx, conn)
	if err != nil {
		return 0, err
	}
	return s.replicas, c.compare(ctx, s, after, int(confirmed))
}

// connection is a client over one connection.
type connection interface {
	Client
	Wait(ctx context.Context, replicas int, timeout time.Duration) *redis.IntCmd
}

// oneConnection is one to a topology's server.
func oneConnection(server redis.Cmdable) connection { return server.(*redis.Client).Conn() } //nolint:forcetypeassert // of each topology

// mark writes the marker where all that was written before is: on the master that took it, or on one that has
// the marker already.
func (s *shard) mark(ctx context.Context, conn redis.Cmdable, now replication) error {
	if now.replica {
		return moving("the master has become a replica")
	}
	if now.history != s.history {
		if !s.marked {
			return lost("Redis failed over while it was written")
		}
		found, err := conn.Exists(ctx, s.marker).Result()
		if err != nil {
			return err
		}
		if found == 0 {
			return lost("Redis failed over, and the new master does not have it")
		}
		s.history, s.replaced = now.history, true
	}
	err := conn.Set(ctx, s.marker, 1, markerTTL).Err()
	s.marked = s.marked || err == nil
	return err
}

// compare compares the confirmations with the replicas that the topology reports afterwards.
func (c *ReplicationCheck) compare(ctx context.Context, s *shard, now replication, confirmed int) error {
	others := c.topology.survey(ctx, s.marker)
	if err := others.agree(now); err != nil {
		return err
	}
	if now.history != s.history {
		return moving("the master was replaced")
	}
	known := max(s.replicas, others.replicas, now.expected)
	if confirmed >= known {
		return nil
	}
	reason := fmt.Sprintf("%d of %d replicas have confirmed it", confirmed, known)
	if now.connected == 0 {
		reason = "the master has no replica connected"
	}
	return &NotReplicatedError{Reason: reason, passing: s.replaced}
}
