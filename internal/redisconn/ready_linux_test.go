package redisconn

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// reasons passes each reason for waiting to the test.
func reasons(o *Options) <-chan error {
	told := make(chan error, 100)
	Told(func(err error) {
		select {
		case told <- err:
		default: // nobody reads so many
		}
	})(o)
	return told
}

// waitReady waits in the background.
func waitReady(t *testing.T, o Options) (client redis.UniversalClient, ready <-chan error) {
	t.Helper()
	client = New(o)
	t.Cleanup(func() { _ = client.Close() })
	ended := make(chan error, 1)
	go func() { ended <- WaitReady(t.Context(), client, o, Patience{patience, patience}, nil) }()
	return client, ended
}

// assertReported waits for a reason with these words, and fails if one advises to start a server.
func assertReported(t *testing.T, told <-chan error, words string) {
	t.Helper()
	for {
		select {
		case err := <-told:
			if err == nil { // it answers again
				continue
			}
			if strings.Contains(err.Error(), "redis-server") || !Passing(err) {
				t.Errorf("told %v", err)
			}
			if strings.Contains(err.Error(), words) {
				return
			}
		case <-t.Context().Done():
			t.Fatal("nothing was told")
		}
	}
}

func parsePatient(t *testing.T, url string) Options {
	t.Helper()
	o, err := Parse(t.Context(), redistest.Patient(url))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// WaitReady waits for a cluster's failover and reports it.
func TestWaitReady_clusterFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	cluster.Masters[0].Kill()
	o := parsePatient(t, cluster.URL())
	told := reasons(&o)
	client, ready := waitReady(t, o)
	assertReported(t, told, "one master of the cluster does not answer")
	cluster.Promote(t, cluster.Replicas[0])
	if err := await(t, "the cluster", ready); err != nil {
		t.Error(err)
	}
	awaitWritable(t, client)
}

// The same with sentinels.
func TestWaitReady_sentinelFailover(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	redistest.Start(t, redistest.ReplicaOf(master))
	sentinel := redistest.StartSentinel(t, master)
	master.Kill()
	o := parsePatient(t, "redis-sentinel://"+sentinel.Addr()+"?master=m")
	told := reasons(&o)
	client, ready := waitReady(t, o)
	assertReported(t, told, "the sentinels' master m does not answer")
	sentinel.KillMaster(t)
	if err := await(t, "the successor", ready); err != nil {
		t.Error(err)
	}
	awaitWritable(t, client)
}

// A server that accepts connections but does not answer is reported, at the start and later; commands continue when it answers.
func TestHungServerIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Stop()
	o := parsePatient(t, server.URL())
	told := reasons(&o)
	client, ready := waitReady(t, o)
	assertReported(t, told, server.Addr()+": no answer in time")
	server.Resume()
	if err := await(t, "the server", ready); err != nil {
		t.Fatal(err)
	}

	server.Stop()
	written := make(chan error, 1)
	go func() { written <- write(t.Context(), client) }()
	assertReported(t, told, server.Addr()+": no answer in time")
	server.Resume()
	if err := await(t, "the write", written); err != nil {
		t.Error(err)
	}
	for await(t, "that it answers again", told) != nil {
		continue // a reason that was reported before
	}
}

// A read that waits for an event is named as well, once it should have ended.
func TestHungServerIsNamedToAReadThatWaits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := parsePatient(t, server.URL())
	told := reasons(&o)
	client, ready := waitReady(t, o)
	if err := await(t, "the server", ready); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	read := make(chan error, 1)
	go func() {
		read <- client.XRead(t.Context(), &redis.XReadArgs{Streams: []string{"k", "0"}, Block: time.Millisecond}).Err()
	}()
	assertReported(t, told, server.Addr()+": no answer in time")
	server.Resume()
	if err := await(t, "the read", read); !errors.Is(err, redis.Nil) {
		t.Errorf("the read: %v", err)
	}
}

// A server whose disk fails refuses even PING, and is ready for those who read.
func TestWaitReady_diskFails(t *testing.T) {
	t.Parallel()
	o := parsePatient(t, refusingDisk(t))
	client, ready := waitReady(t, o)
	if err := await(t, "the server", ready); err != nil {
		t.Error(err)
	}
	if err := Writable(t.Context(), client); !RefusesWrites(err) {
		t.Errorf("a write: %v", err)
	}
}

// The patience with a server that is down begins when it last answered.
func TestAwait_patienceWhenDown(t *testing.T) {
	t.Parallel()
	down := &ConnError{kind: kindDown}
	loading := &ConnError{kind: kindPassing, Cause: "loading"}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		err := Await(t.Context(), Patience{Down: 2 * time.Second, Passing: time.Minute}, nil, func(context.Context) error {
			if time.Since(begun) < 10*time.Second {
				return loading
			}
			return down
		})
		if waited := time.Since(begun); !errors.Is(err, down) || waited < 11*time.Second || waited > 13*time.Second {
			t.Errorf("gave up after %s: %v", waited, err)
		}
	})
}

// A hanging master of a cluster is reported while the others answer.
func TestHungMasterOfAClusterIsNamed(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	o := parsePatient(t, cluster.URL())
	told := reasons(&o)
	client, ready := waitReady(t, o)
	if err := await(t, "the cluster", ready); err != nil {
		t.Fatal(err)
	}
	master, _ := cluster.Owner(t, "k")
	master.Stop()
	written := make(chan error, 1)
	go func() { written <- write(t.Context(), client) }()
	assertReported(t, told, "one master of the cluster does not answer")
	master.Resume()
	if err := await(t, "the write", written); err != nil {
		t.Error(err)
	}
}
