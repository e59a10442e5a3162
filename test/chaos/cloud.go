//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// cloud reads and steers the simulator, past every link.
type cloud struct {
	url    string
	client http.Client
}

// newCloud takes no proxy from the environment: everything is on loopback.
func newCloud(url string) *cloud {
	return &cloud{url: url, client: http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}}
}

// Made is a HaVIP of the simulator's truth.
type Made struct {
	HaVIPID     string    `json:"haVipId"`
	Name        string    `json:"name"`
	SubnetID    string    `json:"subnetId"`
	Address     string    `json:"privateIpAddress"`
	ClientToken string    `json:"clientToken"`
	Call        int64     `json:"call"`
	CreatedAt   time.Time `json:"createdAt"`
	Fault       string    `json:"fault"`
}

// Call is a request as the simulator saw it.
type Call struct {
	Number      int64     `json:"number"`
	Operation   string    `json:"operation"`
	ClientToken string    `json:"clientToken"`
	BodySHA256  string    `json:"bodySha256"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Status      int       `json:"status"`
	Code        string    `json:"code"`
	Fault       string    `json:"fault"`
	HaVIPID     string    `json:"haVipId"`
	Replayed    bool      `json:"replayed"`
	ClientGone  bool      `json:"clientGone"`
}

// Stats are the simulator's counts that the suite looks at.
type Stats struct {
	Calls        int64            `json:"calls"`
	InFlight     int64            `json:"inFlight"`
	Operations   map[string]int64 `json:"operations"`
	Faults       map[string]int64 `json:"faults"`
	AnswerLost   int              `json:"answerLost"`
	Replays      int64            `json:"replays"`
	Mismatches   int64            `json:"mismatches"`
	WithoutToken int64            `json:"withoutToken"`
	Overlaps     int64            `json:"overlaps"`
	LiveOverlaps int64            `json:"liveOverlaps"`
}

func (c *cloud) truth(ctx context.Context) ([]Made, error) {
	var body struct {
		HaVIPs []Made `json:"haVips"`
	}
	err := c.do(ctx, http.MethodGet, "truth", nil, &body)
	return body.HaVIPs, err
}

func (c *cloud) calls(ctx context.Context) ([]Call, error) {
	var body struct {
		Calls []Call `json:"calls"`
	}
	err := c.do(ctx, http.MethodGet, "calls", nil, &body)
	return body.Calls, err
}

func (c *cloud) stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.do(ctx, http.MethodGet, "stats", nil, &s)
	return s, err
}

func (c *cloud) setFaults(ctx context.Context, spec string) error {
	return c.do(ctx, http.MethodPost, "faults", map[string]string{"faults": spec}, nil)
}

func (c *cloud) advance(ctx context.Context, d time.Duration) error {
	return c.do(ctx, http.MethodPost, "clock", map[string]string{"advance": d.String()}, nil)
}

func (c *cloud) do(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	//nolint:gosec // G704: the address is that of the suite's own simulator
	request, err := http.NewRequestWithContext(ctx, method, c.url+"/_sim/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := c.client.Do(request) //nolint:gosec // G704: as above
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("simulator: %s %s: status %d", method, path, response.StatusCode)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
