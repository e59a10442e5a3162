package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// TokenClaim asks that a clientToken which a user chose belong to one item alone.
type TokenClaim struct{ ClientToken, Batch, Key string }

// TokenTakenError says that another item owns the clientToken. Two items under one token
// would receive one HaVIP.
type TokenTakenError struct {
	TokenClaim
	// Owner is the item that has it.
	Owner Owner
}

func (e *TokenTakenError) Error() string {
	return fmt.Sprintf("item %q of batch %q: clientToken %q belongs to item %q of batch %q already; give each item a token of its own, or none",
		e.Key, e.Batch, e.ClientToken, e.Owner.Key, e.Owner.Batch)
}

// ClaimTokens reserves tokens across all batches, all of them or none: the first that belongs to
// another item is answered as a [*TokenTakenError], and those claimed by this call are released.
// Claiming again for the same item is fine. Derived tokens need no claim: their derivation keeps
// them apart.
func (l *Ledger) ClaimTokens(ctx context.Context, claims []TokenClaim) error {
	if len(claims) == 0 {
		return nil
	}
	fresh := make([]*redis.BoolCmd, len(claims))
	owners := make([]*redis.StringCmd, len(claims))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, claim := range claims {
			fresh[i] = pipe.SetNX(ctx, claim.redisKey(), claim.owner().encode(), 0)
			owners[i] = pipe.Get(ctx, claim.redisKey())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("claim client tokens: %w", err)
	}
	for i, claim := range claims {
		if owner := decodeOwner(owners[i].Val()); owner != claim.owner() {
			return errors.Join(&TokenTakenError{TokenClaim: claim, Owner: owner}, l.release(ctx, claims, fresh))
		}
	}
	return nil
}

// release gives back what this call has claimed.
func (l *Ledger) release(ctx context.Context, claims []TokenClaim, fresh []*redis.BoolCmd) error {
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, claim := range claims {
			if fresh[i].Val() {
				pipe.Del(ctx, claim.redisKey())
			}
		}
		return nil
	})
	return err
}

// TokenOwners tells who owns each claim's token now; the zero Owner is nobody.
func (l *Ledger) TokenOwners(ctx context.Context, claims []TokenClaim) ([]Owner, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	replies := make([]*redis.StringCmd, len(claims))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, claim := range claims {
			replies[i] = pipe.Get(ctx, claim.redisKey())
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("owners of client tokens: %w", err)
	}
	owners := make([]Owner, len(claims))
	for i, reply := range replies {
		if text, err := reply.Result(); err == nil {
			owners[i] = decodeOwner(text)
		} else if !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("owners of client tokens: %w", err)
		}
	}
	return owners, nil
}

func (c TokenClaim) redisKey() string { return "havip:token:" + c.ClientToken }

func (c TokenClaim) owner() Owner { return Owner{Batch: c.Batch, Key: c.Key} }
