package bce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

const (
	// MaxPageSize is BCE's maximum, and the default because BCE limits requests, not entries.
	MaxPageSize = 1000
	// entryBytes is added to [Config.MaxResponseBytes] for each entry of a page. A description
	// has no documented limit.
	entryBytes = 8 << 10
)

// ListOptions says what to list. The zero value lists all HaVIPs of the account in the region.
type ListOptions struct {
	// VPCID limits the listing to one VPC; BCE can filter by nothing else.
	VPCID string
	// PageSize is the maximum number of entries, 1 to [MaxPageSize]; 0 means [MaxPageSize].
	PageSize int
	// Marker is where to start: "" or a page's NextMarker.
	Marker string
}

// ListHaVIPsOutput is one page.
type ListHaVIPsOutput struct {
	ResponseMeta
	HaVIPs []HaVIP
	// NextMarker is where the next page starts; "" on the last page.
	NextMarker string
}

// ListHaVIPs reads one page. An answer without the array of HaVIPs, or with an entry without an
// ID, is an error: a caller that took it for an empty page could create a HaVIP a second time.
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

// read parses a page. isTruncated says whether another follows; if it is missing, nextMarker does.
func (o *ListHaVIPsOutput) read(body []byte) error {
	var wire struct {
		HaVIPs      []answeredHaVIP `json:"haVips"` // one pass over the page; [HaVIP.UnmarshalJSON] would make three
		IsTruncated *bool           `json:"isTruncated"`
		NextMarker  string          `json:"nextMarker"`
	}
	if err := decodeObject(body, &wire); err != nil {
		return err
	}
	if wire.HaVIPs == nil {
		return errors.New("answer has no array haVips")
	}
	haVIPs := make([]HaVIP, len(wire.HaVIPs))
	for i, answer := range wire.HaVIPs {
		if err := checkID(answer.ID); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		haVIPs[i] = answer.haVIP()
	}
	more := wire.NextMarker != ""
	if wire.IsTruncated != nil {
		more = *wire.IsTruncated
	}
	if more && wire.NextMarker == "" {
		return errors.New("answer is truncated but has no nextMarker")
	}
	o.HaVIPs = haVIPs
	if more {
		o.NextMarker = wire.NextMarker
	}
	return nil
}
