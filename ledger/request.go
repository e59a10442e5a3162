package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// RequestClaim claims a request for an item, so that a duplicate in another batch is detected. Unlike the claim of a
// HaVIP or a clientToken it is a hint: its owner may have ended or been deleted, and the caller must read it to know.
type RequestClaim struct {
	// Digest identifies the request.
	Digest string
	Owner  RequestOwner
	// Replace is the owner that the caller found to have ended; the zero RequestOwner replaces none.
	Replace RequestOwner
}

// RequestOwner is the item that a request belongs to.
type RequestOwner struct {
	Owner
	// Left is what the item leaves behind when its batch is deleted; nil before that, and for an item that leaves nothing.
	Left *LeftBehind
}

// LeftBehind is the HaVIP of an item whose batch was deleted. Both fields are empty if the item was left for review.
type LeftBehind struct{ HaVIPID, Address string }

func (o RequestOwner) encode() string {
	switch {
	case o.Owner == Owner{}:
		return ""
	case o.Left == nil:
		return o.Owner.encode()
	default:
		return o.encodeWith(o.Left.HaVIPID, o.Left.Address)
	}
}

func decodeRequestOwner(text string) RequestOwner {
	owner, fields := decodeOwnerWith(text)
	if len(fields) < 2 {
		return RequestOwner{Owner: owner}
	}
	return RequestOwner{owner, &LeftBehind{HaVIPID: fields[0], Address: fields[1]}}
}

// requestsKey is the hash of the owners of all requests. Subnet IDs are unique in BCE, so that a request is the same in
// every lane that reaches its subnet.
const requestsKey = "havip:requests"

// ClaimRequests makes each item the owner of its request if there is none or the one to replace, and returns who owns each
// request afterwards. Claim before registering, so that no registered item is missing.
func (l *Ledger) ClaimRequests(ctx context.Context, claims []RequestClaim) ([]RequestOwner, error) {
	texts := make([]ownerClaim, len(claims))
	for i, c := range claims {
		texts[i] = ownerClaim{field: c.Digest, owner: c.Owner.encode(), replace: c.Replace.encode()}
	}
	replies, err := l.claimOwners(ctx, requestsKey, texts)
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	owners := make([]RequestOwner, len(replies))
	for i, text := range replies {
		owners[i] = decodeRequestOwner(text)
	}
	return owners, nil
}

// RequestOwners returns the current owner of each request; the zero RequestOwner means none.
func (l *Ledger) RequestOwners(ctx context.Context, claims []RequestClaim) ([]RequestOwner, error) {
	owners := make([]RequestOwner, len(claims))
	if len(claims) == 0 {
		return owners, nil
	}
	digests := make([]string, len(claims))
	for i, c := range claims {
		digests[i] = c.Digest
	}
	values, err := l.rdb.HMGet(ctx, requestsKey, digests...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	for i, value := range values {
		if text, ok := value.(string); ok {
			owners[i] = decodeRequestOwner(text)
		}
	}
	return owners, nil
}
