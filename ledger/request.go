package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// RequestClaim claims a request for an item, so that a duplicate in another batch is detected. Unlike the claim of a
// HaVIP or a clientToken it is a hint: its owner may have ended or been deleted, and the caller must read it to know.
type RequestClaim struct {
	Region string
	// Digest identifies the request in its region.
	Digest string
	Item   Owner
	// Replace is the owner that the caller found to have ended; the zero Owner replaces none.
	Replace Owner
}

// requestsAtOnce bounds how many claims one script call makes: it keeps Redis busy for a millisecond or two.
const requestsAtOnce = 500

// claimRequestsScript needs no prelude: it changes no batch.
var claimRequestsScript = redis.NewScript(source("claimrequests"))

// ClaimRequests makes each item the owner of its request if there is none or the one to replace, and returns who owns each
// request afterwards. Claim before registering, so that no registered item is missing.
func (l *Ledger) ClaimRequests(ctx context.Context, claims []RequestClaim) ([]Owner, error) {
	owners := make([]Owner, len(claims))
	for region, places := range byRegion(claims) {
		for some := range slices.Chunk(places, requestsAtOnce) {
			args := make([]any, 0, 3*len(some))
			for _, at := range some {
				c, replace := claims[at], ""
				if c.Replace != (Owner{}) {
					replace = c.Replace.encode()
				}
				args = append(args, c.Digest, c.Item.encode(), replace)
			}
			replies, err := claimRequestsScript.Run(ctx, l.rdb, []string{requestsOf(region)}, args...).StringSlice()
			if err == nil && len(replies) != len(some) {
				err = fmt.Errorf("%d replies to %d claims", len(replies), len(some))
			}
			if err != nil {
				return nil, fmt.Errorf("claim requests of region %s: %w", region, err)
			}
			for i, at := range some {
				owners[at] = decodeOwner(replies[i])
			}
		}
	}
	return owners, nil
}

// RequestOwners returns the current owner of each request; the zero Owner means none.
func (l *Ledger) RequestOwners(ctx context.Context, claims []RequestClaim) ([]Owner, error) {
	owners := make([]Owner, len(claims))
	for region, places := range byRegion(claims) {
		digests := make([]string, len(places))
		for i, at := range places {
			digests[i] = claims[at].Digest
		}
		values, err := l.rdb.HMGet(ctx, requestsOf(region), digests...).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("owners of requests of region %s: %w", region, err)
		}
		for i, value := range values {
			if text, ok := value.(string); ok {
				owners[places[i]] = decodeOwner(text)
			}
		}
	}
	return owners, nil
}

// byRegion returns the indexes of the claims by region.
func byRegion(claims []RequestClaim) map[string][]int {
	places := map[string][]int{}
	for i, c := range claims {
		places[c.Region] = append(places[c.Region], i)
	}
	return places
}

// requestsOf returns the key of the owners of a region's requests. Subnet IDs are unique in a region, across accounts.
func requestsOf(region string) string { return "havip:requests:" + region }
