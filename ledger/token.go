package ledger

import (
	"context"
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
	return fmt.Sprintf("item %q of batch %q: clientToken %q belongs to item %s already; give each item a token of its own, or none",
		e.Key, e.Batch, e.ClientToken, e.Owner)
}

// ClaimTokens reserves tokens across all batches. The first that belongs to another item is
// answered as a [*TokenTakenError]; claiming again for the same item is fine. Derived tokens
// need no claim: their derivation keeps them apart.
func (l *Ledger) ClaimTokens(ctx context.Context, claims []TokenClaim) error {
	if len(claims) == 0 {
		return nil
	}
	owners := make([]*redis.StringCmd, len(claims))
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, claim := range claims {
			key := "havip:token:" + claim.ClientToken
			pipe.SetNX(ctx, key, claim.owner().encode(), 0)
			owners[i] = pipe.Get(ctx, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("claim client tokens: %w", err)
	}
	for i, claim := range claims {
		if owner := decodeOwner(owners[i].Val()); owner != claim.owner() {
			return &TokenTakenError{TokenClaim: claim, Owner: owner}
		}
	}
	return nil
}

func (c TokenClaim) owner() Owner { return Owner{Batch: c.Batch, Key: c.Key} }
