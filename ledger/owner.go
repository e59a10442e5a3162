package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Owner names the item that a HaVIP or a clientToken belongs to.
type Owner struct {
	Batch, Key string
	// ForgottenGeneration is that of the item's record. It distinguishes the item from an item of the same name in a
	// batch that was deleted, whose HaVIPs are not its own. For the owner of a clientToken it is 0.
	ForgottenGeneration int
}

// String returns the owner for display.
func (o Owner) String() string { return o.Batch + "/" + o.Key }

// ownerSeparator occurs in no name; a slash may.
const ownerSeparator = "\x1f"

func (o Owner) encode() string {
	text := o.Batch + ownerSeparator + o.Key
	if o.ForgottenGeneration > 0 {
		text += ownerSeparator + strconv.Itoa(o.ForgottenGeneration)
	}
	return text
}

// encodeWith is encode with further fields.
func (o Owner) encodeWith(fields ...string) string {
	return strings.Join(append([]string{o.Batch, o.Key, strconv.Itoa(o.ForgottenGeneration)}, fields...), ownerSeparator)
}

func decodeOwner(text string) Owner {
	owner, _ := decodeOwnerWith(text)
	return owner
}

// decodeOwnerWith returns an owner and its further fields.
func decodeOwnerWith(text string) (owner Owner, fields []string) {
	parts := strings.Split(text, ownerSeparator)
	for len(parts) < 3 {
		parts = append(parts, "")
	}
	generation, _ := strconv.Atoi(parts[2]) // 0 for none
	return Owner{Batch: parts[0], Key: parts[1], ForgottenGeneration: generation}, parts[3:]
}

// OfDeletedBatches returns which of the owners are items of batches that were deleted. A later batch of the same name does
// not change that.
func (l *Ledger) OfDeletedBatches(ctx context.Context, owners []Owner) (map[Owner]bool, error) {
	generations := map[string]*redis.StringCmd{}
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, owner := range owners {
			if generations[owner.Batch] == nil {
				generations[owner.Batch] = pipe.HGet(ctx, keysOf(owner.Batch).batch, "forgottenGeneration")
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("generations of batches: %w", err)
	}
	deleted := map[Owner]bool{}
	for _, owner := range owners {
		generation, err := generations[owner.Batch].Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("generation of batch %q: %w", owner.Batch, err)
		}
		if owner.ForgottenGeneration < generation {
			deleted[owner] = true
		}
	}
	return deleted, nil
}

// ownerClaim claims a field of a hash of owners. Texts are encoded owners; "" replaces none.
type ownerClaim struct{ field, owner, replace string }

// claimsAtOnce bounds how many claims one script call makes: it keeps Redis busy for a millisecond or two.
const claimsAtOnce = 500

// claimOwnersScript needs no prelude: it changes no batch.
var claimOwnersScript = redis.NewScript(source("claimowners"))

// claimOwners makes each owner that of its field if there is none or the one to replace, and returns the owners afterwards.
func (l *Ledger) claimOwners(ctx context.Context, key string, claims []ownerClaim) ([]string, error) {
	owners := make([]string, 0, len(claims))
	for some := range slices.Chunk(claims, claimsAtOnce) {
		args := make([]any, 0, 3*len(some))
		for _, c := range some {
			args = append(args, c.field, c.owner, c.replace)
		}
		replies, err := claimOwnersScript.Run(ctx, l.rdb, []string{key}, args...).StringSlice()
		if err == nil && len(replies) != len(some) {
			err = fmt.Errorf("%d replies to %d claims", len(replies), len(some))
		}
		if err != nil {
			return nil, err
		}
		owners = append(owners, replies...)
	}
	return owners, nil
}
