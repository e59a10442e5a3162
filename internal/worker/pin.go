package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/internal/lane"
	"havip/tasks"
)

// pinPatience bounds what BCE is asked before a lane is served; a BCE that is away is the lane's to wait for.
const pinPatience = 30 * time.Second

// CloudOf is what a lane stands for whose client this is.
func CloudOf(ctx context.Context, client *bce.Client) (lane.Cloud, error) {
	key, err := client.KeyDigest(ctx)
	return lane.Cloud{Endpoint: client.Endpoint(), Key: key}, err
}

// OtherCloudError says that a lane was used with another endpoint or account until now. Workers of one lane
// that ask different clouds would create HaVIPs in each, and believe of each other's that they are gone.
type OtherCloudError struct {
	Lane tasks.Lane
	// Endpoint is the one that the lane was used with; "" where the account is another.
	Endpoint, Own string
}

func (e *OtherCloudError) Error() string {
	const onPurpose = "; if the lane has moved for good, start a worker with --allow-other-account once"
	if e.Endpoint == "" {
		return fmt.Sprintf("lane %s: this access key is not the one that the lane was used with, and shows none of the HaVIPs that were created: it is another account's. Use the account's own key, or another lane or Redis%s", e.Lane, onPurpose)
	}
	return fmt.Sprintf("lane %s: the endpoint was %s until now, and is %s here. Use the same endpoint, or another lane or Redis%s", e.Lane, e.Endpoint, e.Own, onPurpose)
}

// pin holds a lane to the endpoint and the account that it was first used with in this Redis.
type pin struct {
	rdb     redis.UniversalClient
	handler *tasks.Handler
	config  LaneConfig
	// move says that the lane may stand for something else from now on.
	move bool
	// waits is told that the lane's first use waits; it may be nil.
	waits func(l tasks.Lane, wait time.Duration)
	log   zerolog.Logger
}

// check pins the lane, or makes sure that it is pinned to what this worker asks.
func (p pin) check(ctx context.Context) error {
	if p.config.Cloud == (lane.Cloud{}) {
		return nil
	}
	name := p.config.Lane.String()
	standing, ready, err := lane.Pin(ctx, p.rdb, name, p.config.Cloud)
	if err == nil && standing != p.config.Cloud {
		if err = p.change(ctx, standing); err == nil {
			_, ready, err = lane.Pin(ctx, p.rdb, name, p.config.Cloud)
		}
	}
	if err != nil || ready {
		return err
	}
	return p.awaitOlder(ctx)
}

// change has the lane stand for what this worker asks, unless that is another cloud and nobody wants it moved.
func (p pin) change(ctx context.Context, standing lane.Cloud) error {
	switch {
	case p.move:
		p.log.Warn().Str("endpoint", p.config.Cloud.Endpoint).Msg("the lane stands for another endpoint or account from now on")
		return lane.Move(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
	case standing.Endpoint != p.config.Cloud.Endpoint:
		return &OtherCloudError{p.config.Lane, standing.Endpoint, p.config.Cloud.Endpoint}
	}
	return p.checkKey(ctx)
}

// checkKey tells a new key of the same account from another account's by what it shows.
func (p pin) checkKey(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, pinPatience)
	defer cancel()
	same, err := p.handler.SeesOwn(limited)
	switch {
	case err != nil:
		p.log.Warn().Err(err).Msg("the access key is another than before; whether it is the same account's could not be told")
		return nil
	case !same:
		return &OtherCloudError{Lane: p.config.Lane}
	}
	p.log.Info().Msg("the access key is another than before, and the same account's")
	return lane.Repin(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
}

// awaitOlder waits, at the lane's first use, until all that exists is plainly older than what is created from now
// on. See [lifecycle.Confirm].
func (p pin) awaitOlder(ctx context.Context) error {
	err := p.handler.AwaitOlder(ctx, func(wait time.Duration) {
		p.log.Info().Dur("wait", wait).Msg("first use of the lane with this redis: waiting until what exists is older than what will be created")
		if p.waits != nil {
			p.waits(p.config.Lane, wait)
		}
	})
	if err != nil {
		return err
	}
	return lane.Ready(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
}
