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

// ClaimTokens reserves tokens across all batches, all of them or none: the first that belongs to another item
// is answered as a [*TokenTakenError]. Claiming again for the same item is fine. Derived tokens need no claim:
// their derivation keeps them apart.
//
// A claim is never taken back: another call may have found it standing, and rely on it. So where two calls claim
// one token for two items at the same moment, the one that fails may leave claims of its other items behind; they
// are its own when it claims again.
func (l *Ledger) ClaimTokens(ctx context.Context, claims []TokenClaim) error {
	if len(claims) == 0 {
		return nil
	}
	owners, err := l.TokenOwners(ctx, claims)
	if err == nil {
		err = firstTaken(claims, owners)
	}
	if err != nil {
		return err
	}
	if owners, err = l.claimTokens(ctx, claims); err != nil {
		return err
	}
	return firstTaken(claims, owners)
}

// claimTokens claims what nobody owns, and answers who owns each token then.
func (l *Ledger) claimTokens(ctx context.Context, claims []TokenClaim) ([]Owner, error) {
	replies := make([]*redis.StringCmd, len(claims))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, claim := range claims {
			pipe.SetNX(ctx, claim.redisKey(), claim.owner().encode(), 0)
			replies[i] = pipe.Get(ctx, claim.redisKey())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim client tokens: %w", err)
	}
	owners := make([]Owner, len(claims))
	for i, reply := range replies {
		owners[i] = decodeOwner(reply.Val())
	}
	return owners, nil
}

// firstTaken is about the first token that belongs to another item, or that an earlier claim asks for; the zero
// Owner is nobody.
func firstTaken(claims []TokenClaim, owners []Owner) error {
	wanted := map[string]Owner{}
	for i, claim := range claims {
		owner := owners[i]
		if owner == (Owner{}) {
			owner = claim.owner()
		}
		if earlier, twice := wanted[claim.ClientToken]; twice {
			owner = earlier
		}
		if owner != claim.owner() {
			return &TokenTakenError{TokenClaim: claim, Owner: owner}
		}
		wanted[claim.ClientToken] = owner
	}
	return nil
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
