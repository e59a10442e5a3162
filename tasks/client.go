package tasks

import (
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
)

// Client asks for HaVIPs and hears what becomes of them: what `enqueue` does, for a Go program.
// It is safe for concurrent use.
//
// Whatever it was doing when the program was killed, the program is run again: an item is known
// by its batch and key, and is created once.
type Client struct {
	rdb      redis.UniversalClient
	ledger   *ledger.Ledger
	region   string
	source   ledger.Source
	patience time.Duration
}

// ClientOption configures a [Client].
type ClientOption func(*Client)

// WithRegion is the region of items that name none, such as "bj".
func WithRegion(region string) ClientOption { return func(c *Client) { c.region = region } }

// WithAuthor names the program to the people who look at its batches.
func WithAuthor(name string) ClientOption { return func(c *Client) { c.source.By = name } }

// WithPatience is how long an outage of Redis is borne by what waits; without it, [DefaultPatience].
func WithPatience(d time.Duration) ClientOption { return func(c *Client) { c.patience = d } }

// NewClient returns a client in the Redis of the workers. It does no I/O.
//
// Any client of go-redis's will do, and stays the caller's to close: nothing here acknowledges a
// task, which is where asynq needs help. Of a Redis Cluster, set ClusterStateReloadInterval to
// time.Second, or a failover takes the program most of a minute.
func NewClient(rdb redis.UniversalClient, options ...ClientOption) *Client {
	c := &Client{rdb: rdb, ledger: ledger.New(rdb), patience: DefaultPatience}
	for _, option := range options {
		option(c)
	}
	return c
}

// Batch returns a handle to the batch of that name, without looking whether there is one.
func (c *Client) Batch(name string) Batch { return Batch{Name: name, client: c} }

// producer returns a producer for so many items, and what releases it. Many at once travel together.
func (c *Client) producer(items int) (p *Producer, release func(), err error) {
	queue, release := c.rdb, func() {}
	if items > 1 {
		if queue, release, err = Pipeline(c.rdb); err != nil {
			return nil, nil, err
		}
	}
	return NewProducer(c.ledger, asynq.NewClientFromRedisClient(queue)), release, nil
}
