package worker

import (
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"havip/internal/redisconn"
)

// queueServers are the asynq servers of the queues of one lane, or of notifications. They sleep, which is that there are none,
// until [taskWatcher] wakes them. They are safe for concurrent use.
type queueServers struct {
	// queues are those that the servers serve.
	queues []string
	// create returns new servers that use a new client.
	create  func() (*redisconn.QueueClient, []*asynq.Server)
	handler asynq.Handler

	mu sync.Mutex
	// client is that of the running servers.
	client  *redisconn.QueueClient
	running []*asynq.Server
	stopped bool
	// ending waits for servers that are shut down.
	ending sync.WaitGroup

	// idleSince and takenBefore are the watcher's: since when the servers have had nothing to do, and how many tasks they had
	// taken then.
	idleSince   time.Time
	takenBefore int64
}

// wake starts the servers unless they run or have been stopped.
func (s *queueServers) wake() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.running != nil {
		return nil
	}
	s.client, s.running = s.create()
	for _, server := range s.running {
		if err := server.Start(s.handler); err != nil {
			return err
		}
	}
	return nil
}

// awake reports whether the servers run, and how many tasks they have taken.
func (s *queueServers) awake() (taken int64, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return 0, false
	}
	return s.client.Taken(), true
}

// sleep shuts the servers down, unless they have taken another task since they had taken this number. It does not wait until
// they have ended: no task is with them, and they take none.
func (s *queueServers) sleep(taken int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || !s.client.StopTaking(taken) {
		return false
	}
	s.end()
	return true
}

// follow wakes the servers if they have something to do, and lets them sleep if they had nothing to do for sleepAfter. Taken is
// how many tasks they had taken before due was found out.
func (s *queueServers) follow(due bool, taken int64) error {
	switch {
	case due:
		s.idleSince = time.Time{}
		return s.wake()
	case s.idleSince.IsZero() || taken != s.takenBefore:
		s.idleSince, s.takenBefore = time.Now(), taken
	case time.Since(s.idleSince) >= sleepAfter:
		s.sleep(taken)
	}
	return nil
}

// stop shuts the servers down for good, and waits until all have ended.
func (s *queueServers) stop() {
	s.mu.Lock()
	s.stopped = true
	s.end()
	s.mu.Unlock()
	s.ending.Wait()
}

// end is called with mu locked.
func (s *queueServers) end() {
	for _, server := range s.running {
		s.ending.Go(server.Shutdown)
	}
	s.running = nil
}
