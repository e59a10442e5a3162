package havip

import (
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/tasks"
)

// Client enqueues HaVIPs and reports their progress, as `enqueue` does. It is safe for concurrent use.
//
// After a crash, run the program again: an item is identified by its batch and key, and is created once.
type Client struct {
	rdb      redis.UniversalClient
	ledger   *ledger.Ledger
	region   string
	source   ledger.Source
	patience time.Duration
}

// Aliases of the types that programs need most.
type (
	// Item is one HaVIP to create.
	Item = tasks.Item
	// Request is what is requested from BCE.
	Request = tasks.Request
	// FieldError is a rule that a field of an item breaks.
	FieldError = tasks.FieldError
	// Conflict is an item whose key belongs to another request in the batch.
	Conflict = tasks.Conflict
	// Result is the state and the HaVIP of an item.
	Result = tasks.Result
	// Event is one event of a batch.
	Event = ledger.Event
)

// ClientOption configures a [Client].
type ClientOption func(*Client)

// WithRegion sets the default region of items, such as "bj".
func WithRegion(region string) ClientOption { return func(c *Client) { c.region = region } }

// WithAuthor sets the program's name that is shown for its batches.
func WithAuthor(name string) ClientOption { return func(c *Client) { c.source.By = name } }

// WithPatience sets how long waiting calls tolerate an outage of Redis; the default is [DefaultPatience].
func WithPatience(d time.Duration) ClientOption { return func(c *Client) { c.patience = d } }

// NewClient returns a client for the workers' Redis. It does no I/O.
//
// Any go-redis client is suitable, and the caller closes it. For a Redis Cluster, set ClusterStateReloadInterval to
// time.Second; otherwise a failover takes most of a minute. A worker needs a client from [OpenRedis].
func NewClient(rdb redis.UniversalClient, options ...ClientOption) *Client {
	c := &Client{rdb: rdb, ledger: ledger.New(rdb), patience: DefaultPatience}
	for _, option := range options {
		option(c)
	}
	return c
}

// Batch returns a handle to the named batch without checking that it exists.
func (c *Client) Batch(name string) Batch { return Batch{Name: name, client: c} }

// producer returns a producer for the given number of items and a function that releases it. Several items are pipelined.
func (c *Client) producer(items int) (p *tasks.Producer, release func(), err error) {
	if items > 1 {
		return tasks.PipelinedProducer(c.ledger, c.rdb)
	}
	return tasks.NewProducer(c.ledger, asynq.NewClientFromRedisClient(c.rdb), c.rdb), func() {}, nil
}
