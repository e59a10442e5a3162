package bce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

const (
	// MaxPageSize is the most HaVIPs BCE puts on a page, and what we ask for by default:
	// a listing is rationed by the request.
	MaxPageSize = 1000
	// entryBytes is what a page may have beyond [Config.MaxResponseBytes] for each entry.
	// A description has no documented limit.
	entryBytes = 8 << 10
)

// ListOptions says what to list. The zero value is everything that the account has in the
// region.
type ListOptions struct {
	// VPCID limits the listing to one VPC; BCE can filter by nothing else.
	VPCID string
	// PageSize is the most entries of a page, 1 to [MaxPageSize]; 0 means that maximum.
	PageSize int
	// Marker is where to begin: "" or a page's NextMarker.
	Marker string
}

// ListHaVIPsOutput is one page.
type ListHaVIPsOutput struct {
	ResponseMeta
	HaVIPs []HaVIP
	// NextMarker is where the next page begins; "" on the last.
	NextMarker string
}

// ListHaVIPs reads one page. An answer without the array of HaVIPs, or with an entry that has
// no ID, is an error and not an empty page: from an empty page somebody may conclude that a
// HaVIP does not exist, and create it a second time.
func (c *Client) ListHaVIPs(ctx context.Context, options ListOptions) (*ListHaVIPsOutput, error) {
	call := call{op: opList, method: http.MethodGet, path: haVIPPath}
	size := options.PageSize
	if size == 0 {
		size = MaxPageSize
	}
	if size < 1 || size > MaxPageSize {
		return nil, call.invalid("page size %d: 1 to %d are allowed", size, MaxPageSize)
	}
	call.query = listQuery(options, size)
	call.extraBytes = int64(size) * entryBytes
	out := &ListHaVIPsOutput{}
	call.read = out.read
	meta, err := c.do(ctx, call)
	if err != nil {
		return nil, err
	}
	out.ResponseMeta = meta
	return out, nil
}

func listQuery(options ListOptions, size int) []param {
	query := []param{{"maxKeys", strconv.Itoa(size)}}
	if options.VPCID != "" {
		query = append(query, param{"vpcId", options.VPCID})
	}
	if options.Marker != "" {
		query = append(query, param{"marker", options.Marker})
	}
	return query
}

// read takes in a page. Whether there is another is what isTruncated says; where that is
// missing, a nextMarker says it.
func (o *ListHaVIPsOutput) read(body []byte) error {
	var wire struct {
		HaVIPs      []HaVIP `json:"haVips"`
		IsTruncated *bool   `json:"isTruncated"`
		NextMarker  string  `json:"nextMarker"`
	}
	if err := decodeObject(body, &wire); err != nil {
		return err
	}
	if wire.HaVIPs == nil {
		return errors.New("answer has no array haVips")
	}
	for i, h := range wire.HaVIPs {
		if err := checkID(h.ID); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	more := wire.NextMarker != ""
	if wire.IsTruncated != nil {
		more = *wire.IsTruncated
	}
	if more && wire.NextMarker == "" {
		return errors.New("answer is truncated but has no nextMarker")
	}
	o.HaVIPs = wire.HaVIPs
	if more {
		o.NextMarker = wire.NextMarker
	}
	return nil
}
