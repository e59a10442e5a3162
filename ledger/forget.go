package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Forgetting says who deletes a batch, and why.
type Forgetting struct {
	By, Reason string
	// Incomplete allows an uncommitted batch.
	Incomplete bool
	// Archive, if not nil, is the archive of the batch, and Version the [Contents.Version] that was archived: a batch that has
	// changed since is kept. The name of the batch is then reserved until [Ledger.ReleaseName].
	Archive *Archive
	Version string
}

// ForgottenGeneration returns the last generation that items of the batch may have had before the batch was deleted: the
// [Record.ForgottenGeneration] of items that are registered now. It is 0 if there was no such batch.
func (l *Ledger) ForgottenGeneration(ctx context.Context, batch string) (int, error) {
	generation, err := l.rdb.HGet(ctx, keysOf(batch).batch, "forgottenGeneration").Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("generation of batch %q: %w", batch, err)
	}
	return generation, nil
}

// Forgotten is what [Ledger.Forget] did.
type Forgotten string

// The results of [Ledger.Forget]. They are those of lua/forget.lua.
const (
	// ForgottenNow: the batch's record is deleted.
	ForgottenNow Forgotten = "applied"
	// ForgottenBusy: an item is not finished, or a notification is pending; nothing was deleted.
	ForgottenBusy Forgotten = "busy"
	// ForgottenIncomplete: the producer has not committed the batch; nothing was deleted.
	ForgottenIncomplete Forgotten = "incomplete"
	// ForgottenChanged: the batch has another version than was archived; nothing was deleted.
	ForgottenChanged Forgotten = "changed"
	// ForgottenAbsent: there is no such batch.
	ForgottenAbsent Forgotten = "absent"
)

// Forget deletes the record of a batch that has nothing left to do. The HaVIPs that it created remain, and remain owned
// by its items, so that no other item adopts them; only [Ledger.TakeHaVIPs] gives them to others.
//
// A small hash remains: it stores up to which generation clientTokens of its items may have been used. BCE answers a used
// token with the HaVIP that it created, which may have been deleted since. So the token of an item that is registered
// later under this name counts as used, and is renewed before anything is sent; and an earlier task is refused (see
// [lifecycle.RegisteredGone]).
func (l *Ledger) Forget(ctx context.Context, batch string, f Forgetting) (Forgotten, error) {
	archive, err := l.listArchived(ctx, batch, f.Archive)
	if err != nil {
		return "", fmt.Errorf("forget batch %q: %w", batch, err)
	}
	raw, err := l.run(ctx, forgetScript, batch, f.By, f.Reason, flag(f.Incomplete), f.Version, archive)
	if err != nil {
		return "", fmt.Errorf("forget batch %q: %w", batch, err)
	}
	text, _ := raw.(string)
	forgotten := Forgotten(text)
	if forgotten == ForgottenNow || forgotten == ForgottenAbsent { // an earlier call may have died before this
		err = l.unlist(ctx, batch)
	}
	if err != nil {
		return forgotten, fmt.Errorf("forget batch %q: %w", batch, err)
	}
	return forgotten, nil
}

// unlist removes a batch from the index. A batch that is registered concurrently may have been listed just before, so it
// is listed again.
func (l *Ledger) unlist(ctx context.Context, batch string) error {
	if err := l.rdb.ZRem(ctx, batchIndex, batch).Err(); err != nil {
		return err
	}
	exists, err := l.rdb.HExists(ctx, keysOf(batch).batch, "createdAt").Result()
	if err != nil || !exists {
		return err
	}
	return l.touch(ctx, batch)
}
