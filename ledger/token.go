package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// DerivedTokenPrefix starts each token that [ClientToken] derives. A user's own token must not start with it.
const DerivedTokenPrefix = "havip1-"

// tokenEncoding keeps tokens lower-case, unpadded and safe in a query string.
var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ClientToken derives the idempotency token of one generation of an item: 59 characters of ASCII, of which BCE allows
// 64. The same item always gets the same token, so that a producer that lost all its data repeats its request instead
// of creating a second HaVIP. Two items never share one, because every part is hashed with its length.
func ClientToken(batch, key string, generation int) string {
	hashed := make([]byte, 0, 256)
	for _, part := range []string{"havip client token v1", batch, key} {
		hashed = append(binary.BigEndian.AppendUint64(hashed, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(hashed, uint64(generation))) // #nosec G115 -- counts from 1
	return DerivedTokenPrefix + tokenEncoding.EncodeToString(sum[:])
}

// TokenClaim claims a user's clientToken for one item.
type TokenClaim struct{ ClientToken, Batch, Key string }

// TokenTakenError means that another item owns the clientToken. Two items with one token would receive one HaVIP.
type TokenTakenError struct {
	TokenClaim
	// Owner is the owning item.
	Owner Owner
}

func (e *TokenTakenError) Error() string {
	return fmt.Sprintf("item %q of batch %q: clientToken %q already belongs to item %q of batch %q; give each item its own token, or none",
		e.Key, e.Batch, e.ClientToken, e.Owner.Key, e.Owner.Batch)
}

// ClaimTokens claims all tokens, or none and returns a [*TokenTakenError] for the first one of another item. Claiming
// again is safe. Derived tokens need no claim, because they are unique.
//
// A claim is never released, because another call may rely on it. If two calls claim one token at the same time, the
// failed one may leave claims of its other items; it owns them when it claims again.
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

// claimTokens claims the tokens without an owner, and returns the owner of each.
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

// firstTaken returns the error for the first token that belongs to another item, or to an earlier claim; the zero Owner
// means none.
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

// TokenOwners returns the current owner of each claim's token; the zero Owner means none.
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
