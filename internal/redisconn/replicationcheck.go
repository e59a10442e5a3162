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
	// lagPatience limits the wait for a replica, which normally lags by milliseconds.
	lagPatience = 2 * time.Second
	// failoverPatience limits the wait for a failover, which takes seconds.
	failoverPatience = 10 * time.Second
	// failoverPoll is the delay between two checks of a failover.
	failoverPoll = 100 * time.Millisecond
	// markerTTL is far longer than a check, and than the difference of two hosts' clocks.
	markerTTL = 10 * time.Minute
)

// NotReplicatedError reports that a failover of Redis could still lose the writes, or has lost them.
type NotReplicatedError struct {
	// Reason is a clause.
	Reason string
	// passing reports a temporary reason: a failover is in progress.
	passing bool
}

func (e *NotReplicatedError) Error() string { return e.Reason }

func moving(reason string) error { return &NotReplicatedError{Reason: reason, passing: true} }

func lost(reason string) error { return &NotReplicatedError{Reason: reason} }

// ReplicationCheck verifies that the writes between its start and [ReplicationCheck.Verify] survive a
// failover of Redis. A Redis acknowledges a write before it replicates it, in order, so that a promoted replica
// may lack the last acknowledged writes. The writes are verified when
//
//   - the same master has accepted all writes, by the ID of its replication history;
//   - every replica that the master, the sentinels or the cluster's nodes report has confirmed a marker that
//     was written after them;
//   - after that, all still agree on that master, and no failover is in progress.
//
// A server without known replicas is not checked, because no other server can replace it.
type ReplicationCheck struct {
	topology topology
	shards   []*shard
	// lag and failover are the time limits for each.
	lag, failover time.Duration
}

// shard is the master of some keys.
type shard struct {
	// marker is a new key for each check.
	marker string
	// history is the replication history that has all writes.
	history string
	// replicas is the maximum number reported.
	replicas int
	// marked reports that the marker was written after all writes, so that a master with the marker has them.
	marked bool
	// replaced reports that a new master has the marker; its replicas may need a moment to follow.
	replaced bool
	// unsettled reports that a failover was in progress at the start.
	unsettled error
}

// StartReplicationCheck starts a check of writes whose keys have these hash tags. Call it before the first write.
// It waits a while for a failover in progress. The URL is the client's.
func StartReplicationCheck(ctx context.Context, client redis.Cmdable, rawURL string, tags ...string) (*ReplicationCheck, error) {
	t, err := topologyOf(ctx, client, rawURL)
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

// begin records the master that accepts the writes.
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

// untilSettled repeats f for a while if it fails because of a failover in progress.
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

// Verify returns nil if the writes since the start survive a failover, and a [*NotReplicatedError] if not, or if
// that is unknown.
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
		return nil // the server is down, and no other can replace it
	case redis.IsPermissionError(err):
		return lost(err.Error())
	}
	// The connection failed, as happens when the master is replaced.
	return moving(err.Error())
}

// confirm waits until every replica of the shard's master has confirmed the marker, and returns how many there are. It
// uses one connection, because WAIT is about the connection's own writes; a write implies all earlier ones.
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

// mark writes the marker on a master that has all writes: the one that accepted them, or one that has the marker
// already.
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
