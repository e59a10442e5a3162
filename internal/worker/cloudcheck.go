package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/internal/lane"
	"havip/ledger"
	"havip/tasks"
)

// CloudOf returns the endpoint and key digest of a lane's client.
func CloudOf(ctx context.Context, client *bce.Client) (lane.Cloud, error) {
	key, err := client.KeyDigest(ctx)
	return lane.Cloud{Endpoint: client.Endpoint(), Key: key}, err
}

// OtherCloudError means that the lane was used with another endpoint or account before. Workers of one lane with
// different clouds would create HaVIPs in each, and not find each other's.
type OtherCloudError struct {
	Lane tasks.Lane
	// Endpoint is the lane's earlier endpoint; "" if the account differs.
	Endpoint, Own string
}

// onPurpose overrides a refusal; every command that serves lanes has the flag.
const onPurpose = "pass --allow-other-account once"

func (e *OtherCloudError) Error() string {
	if e.Endpoint == "" {
		return fmt.Sprintf("lane %s: the access key changed, and lists none of the lane's HaVIPs: it belongs to another account, or all of them were deleted manually. Use the lane's account, or another lane or Redis; if the key is right, %s", e.Lane, onPurpose)
	}
	return fmt.Sprintf("lane %s: the endpoint was %s until now, and is %s here. Use the same endpoint, or another lane or Redis; if the lane has moved permanently, %s", e.Lane, e.Endpoint, e.Own, onPurpose)
}

// pin binds a lane to the endpoint and the account that it was first used with in this Redis.
type pin struct {
	rdb     redis.Cmdable
	handler *tasks.Handler
	config  LaneConfig
	// move allows another endpoint or account from now on.
	move bool
	// waits, if not nil, is called if the lane's first use must wait.
	waits func(l tasks.Lane, wait time.Duration)
	log   zerolog.Logger
}

// Check returns the error with which [Start] would refuse a lane for its endpoint or account. It accepts a changed key of
// the same account for the lane, and changes nothing else.
func Check(ctx context.Context, c Config) error {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return err
	}
	p := &Parts{config: c}
	for _, l := range c.Lanes {
		if err := p.lane(l, ledger.New(c.Redis)).pin.refuse(ctx); err != nil {
			return err
		}
	}
	return nil
}

// refuse is check for a pinned lane, without the wait. It does not pin a lane.
func (p pin) refuse(ctx context.Context) error {
	pinned, err := lane.PinnedTo(ctx, p.rdb, p.config.Lane.String())
	if err != nil || p.move || pinned == (lane.Cloud{}) || p.config.Cloud == (lane.Cloud{}) || pinned == p.config.Cloud {
		return err
	}
	return p.change(ctx, pinned)
}

// acceptKey is refuse for a key that replaces the lane's while the worker runs. A lane is moved only when a worker starts.
func (p pin) acceptKey(ctx context.Context, key string) error {
	p.config.Cloud.Key, p.move = key, false
	return p.refuse(ctx)
}

// check pins the lane, or verifies that it is pinned to this worker's endpoint and account.
func (p pin) check(ctx context.Context) error {
	if p.config.Cloud == (lane.Cloud{}) {
		return nil
	}
	name := p.config.Lane.String()
	pinned, ready, err := lane.Pin(ctx, p.rdb, name, p.config.Cloud)
	if err == nil && pinned != p.config.Cloud {
		if err = p.change(ctx, pinned); err == nil {
			_, ready, err = lane.Pin(ctx, p.rdb, name, p.config.Cloud)
		}
	}
	if err != nil || ready {
		return err
	}
	return p.awaitOlder(ctx)
}

// change pins the lane to this worker's endpoint and key, unless that would move it and p.move is not set.
func (p pin) change(ctx context.Context, pinned lane.Cloud) error {
	switch {
	case p.move:
		p.log.Warn().Str("endpoint", p.config.Cloud.Endpoint).Msg("the lane uses another endpoint or account from now on")
		return lane.Move(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
	case pinned.Endpoint != p.config.Cloud.Endpoint:
		return &OtherCloudError{p.config.Lane, pinned.Endpoint, p.config.Cloud.Endpoint}
	}
	return p.checkKey(ctx)
}

// checkKey distinguishes a new key of the same account from another account's by the HaVIPs that it lists. A key that may neither read nor
// list cannot be checked and is accepted. After any other failure the lane is refused: with another account's key,
// everything would be created a second time.
func (p pin) checkKey(ctx context.Context) error {
	same, err := p.handler.SeesOwn(ctx)
	switch {
	case tasks.IsDenied(err):
		p.log.Warn().Err(err).Msg("the access key changed; it may neither read nor list HaVIPs, so it is unknown whether it belongs to the same account")
		return nil
	case err != nil:
		return fmt.Errorf("lane %s: the access key changed, and whether it belongs to the same account could not be checked: %w. Try again; if the key is right, %s", p.config.Lane, err, onPurpose)
	case !same:
		return &OtherCloudError{Lane: p.config.Lane}
	}
	p.log.Info().Msg("the access key changed; it belongs to the same account")
	return lane.Repin(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
}

// awaitOlder waits, at the lane's first use, until every existing HaVIP is clearly older than the ones created from now
// on. See [lifecycle.Confirm].
func (p pin) awaitOlder(ctx context.Context) error {
	err := p.handler.AwaitOlder(ctx, func(wait time.Duration) {
		p.log.Info().Dur("wait", wait).Msg("first use of the lane with this redis; waiting so that existing HaVIPs are not mistaken for new ones")
		if p.waits != nil {
			p.waits(p.config.Lane, wait)
		}
	})
	if err != nil {
		return err
	}
	return lane.Ready(ctx, p.rdb, p.config.Lane.String(), p.config.Cloud)
}
