package redisconn

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// sentinels are the sentinels of a master.
type sentinels struct {
	client  *redis.Client
	options Options
	// addrs are the sentinels of the URL, and those that they report.
	addrs []string
}

// opinion is what one sentinel reports about the master.
type opinion struct {
	sentinel, master string
	epoch, replicas  int
	failingOver      bool
	others           []string
}

func (t *sentinels) server(context.Context, string) (redis.Cmdable, error) { return t.client, nil }

// survey asks all sentinels that answer. A master with sentinels should have a replica: without one, it has lost it,
// or the replica is being promoted.
func (t *sentinels) survey(ctx context.Context, _ string) survey {
	opinions := t.ask(ctx)
	if len(opinions) == 0 {
		return survey{replicas: 1, moving: "no sentinel answers"}
	}
	newest := slices.MaxFunc(opinions, func(a, b opinion) int { return a.epoch - b.epoch })
	s := survey{replicas: 1}
	for _, o := range opinions {
		s.replicas = max(s.replicas, o.replicas)
		switch {
		case o.failingOver:
			s.moving = "a failover is in progress"
		case o.master != newest.master:
			s.moving = "the sentinels name different masters"
		}
	}
	master, err := t.askMaster(ctx, newest.master)
	if err != nil {
		s.moving = "the master that the sentinels name does not answer"
		return s
	}
	s.master = &master
	return s
}

func (*sentinels) confirmed(context.Context, int) error { return nil }

func (*sentinels) slots(tags []string) []string { return tags[:1] }

// ask asks the sentinels, and those that they report. One that does not answer is not asked again.
func (t *sentinels) ask(ctx context.Context) []opinion {
	ctx, cancel := context.WithTimeout(ctx, surveyPatience)
	defer cancel()
	var opinions []opinion
	asked := map[string]bool{}
	for next := t.addrs; len(next) > 0; {
		answers := t.askEach(ctx, next)
		opinions = append(opinions, answers...)
		for _, addr := range next {
			asked[addr] = true
		}
		next = nil
		for _, o := range answers {
			for _, addr := range o.others {
				if !asked[addr] && !slices.Contains(next, addr) {
					next = append(next, addr)
				}
			}
		}
	}
	if len(opinions) > 0 {
		t.addrs = nil
		for _, o := range opinions {
			t.addrs = append(t.addrs, o.sentinel)
		}
	}
	return opinions
}

// askEach asks them in parallel and returns the answers received.
func (t *sentinels) askEach(ctx context.Context, addrs []string) []opinion {
	var mu sync.Mutex
	var all []opinion
	var wg sync.WaitGroup
	for _, addr := range addrs {
		wg.Go(func() {
			o, err := t.askOne(ctx, addr)
			if err != nil {
				return // it is down or unreachable
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, o)
		})
	}
	wg.Wait()
	return all
}

func (t *sentinels) askOne(ctx context.Context, addr string) (opinion, error) {
	options := singleOptions(t.options)
	options.Addr, options.DB, options.PoolSize, options.MaxRetries, options.ClientName = addr, 0, 1, -1, ""
	options.Username, options.Password = t.options.SentinelUsername, t.options.SentinelPassword()
	client := redis.NewSentinelClient(options)
	defer func() { _ = client.Close() }()
	master, err := client.Master(ctx, t.options.Master).Result()
	if err != nil {
		return opinion{}, err
	}
	o := opinion{
		sentinel: addr, master: net.JoinHostPort(master["ip"], master["port"]),
		failingOver: strings.Contains(master["flags"], "failover_in_progress"),
	}
	o.epoch, _ = strconv.Atoi(master["config-epoch"])
	o.replicas, _ = strconv.Atoi(master["num-slaves"])
	others, err := client.Sentinels(ctx, t.options.Master).Result()
	for _, other := range others {
		o.others = append(o.others, net.JoinHostPort(other["ip"], other["port"]))
	}
	return o, err
}

func (t *sentinels) askMaster(ctx context.Context, addr string) (replication, error) {
	ctx, cancel := context.WithTimeout(ctx, surveyPatience)
	defer cancel()
	options := singleOptions(t.options)
	options.Addr, options.PoolSize, options.MaxRetries = addr, 1, -1
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	return replicationOf(ctx, client)
}
