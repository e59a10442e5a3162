package intake

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"havip/internal/lane"
	"havip/internal/plan"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/words"
	"havip/tasks"
)

// Lane is where and how fast the rows of one lane are created.
type Lane struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	// Enqueue counts the rows that apply enqueues.
	Enqueue int `json:"enqueue"`
	// Endpoint is where the workers of this Redis send the lane's requests; "" before its first use. Simulator reports that
	// it is an address of this machine, where nothing real is created.
	Endpoint  string `json:"endpoint"`
	Simulator bool   `json:"simulator"`
	// OtherEndpoint is the endpoint of this command, if it is not the workers'; OwnEndpoint is it if no worker has used the lane yet.
	OtherEndpoint string `json:"otherEndpoint,omitempty"`
	OwnEndpoint   string `json:"ownEndpoint,omitempty"`
	// RPS is the rate in force, 0 for no limit; nil if unknown. Seconds is how long the rows take at that rate.
	RPS     *float64 `json:"rps"`
	Seconds *float64 `json:"seconds"`
	Served  bool     `json:"served"`
	// Stopped says why nothing is created at present: the lane is paused or suspended; "" if it is not.
	Stopped string `json:"stopped"`
	// unserved says what to do if no worker serves the lane.
	unserved string
}

// Forecast returns the lanes of the rows that apply enqueues, by name. Own returns the endpoint of this command for a lane; "" if
// none is configured.
func Forecast(ctx context.Context, s *session.Session, counts plan.Counts, own func(context.Context, tasks.Lane) string) ([]Lane, error) {
	lanes := make([]Lane, 0, len(counts.Lanes))
	for name, n := range counts.Lanes {
		l, err := forecastLane(ctx, s, name)
		if err != nil {
			return nil, err
		}
		switch here := own(ctx, name); l.Endpoint {
		case here:
		case "":
			l.OwnEndpoint = here
		default:
			l.OtherEndpoint = here
		}
		if l.Enqueue = n; l.RPS != nil && *l.RPS > 0 {
			seconds := float64(n) / *l.RPS
			l.Seconds = &seconds
		}
		lanes = append(lanes, l)
	}
	slices.SortFunc(lanes, func(a, b Lane) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region)) })
	return lanes, nil
}

func forecastLane(ctx context.Context, s *session.Session, name tasks.Lane) (Lane, error) {
	l := Lane{Account: name.Account, Region: name.Region, unserved: report.UnservedText(s, name)}
	cloud, err := lane.PinnedTo(ctx, s.Redis, name.String())
	if err != nil {
		return l, err
	}
	l.Endpoint, l.Simulator = cloud.Endpoint, isLocal(cloud.Endpoint)
	operator := lane.NewOperator(s.Redis, name.String())
	rates, err := operator.InForce(ctx)
	if err != nil {
		return l, err
	}
	l.RPS = rates.RPS()
	pause, err := operator.Paused(ctx)
	if err != nil {
		return l, err
	}
	suspensions, err := lane.NewBreaker(s.Redis, name.String()).Suspensions(ctx)
	if err != nil {
		return l, err
	}
	i := slices.IndexFunc(suspensions, func(s lane.Suspension) bool { return s.Target == lane.TargetLane })
	switch {
	case pause != nil:
		l.Stopped = report.LanePauseText(name, *pause)
	case i >= 0:
		l.Stopped = report.SuspensionText(name, suspensions[i])
	}
	l.Served, err = report.Served(ctx, s, name)
	return l, err
}

// isLocal reports whether an endpoint is on this machine.
func isLocal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}

func (l Lane) name() tasks.Lane { return tasks.Lane{Account: l.Account, Region: l.Region} }

// String returns the lane as one line of text.
func (l Lane) String() string {
	text := fmt.Sprintf("lane %s: %s", l.name(), words.Count(l.Enqueue, "HaVIP", "HaVIPs"))
	switch {
	case l.Endpoint != "":
		text += at(l.Endpoint)
	case l.OwnEndpoint != "":
		text += at(l.OwnEndpoint) + " (the endpoint of this command; no worker has used the lane yet)"
	default:
		text += " (endpoint unknown: no worker has used the lane yet)"
	}
	switch {
	case l.RPS == nil:
	case *l.RPS == 0:
		text += ", without a rate limit"
	default:
		text += fmt.Sprintf(", %s, about %s", words.Rate(*l.RPS), (time.Duration(*l.Seconds+1) * time.Second).String())
	}
	return text
}

func at(endpoint string) string {
	if isLocal(endpoint) {
		return " in the SIMULATOR at " + endpoint
	}
	return " at " + endpoint
}

// Warnings say why nothing is created in the lane at present, and that it is created elsewhere than this shell's settings say.
func (l Lane) Warnings() []string {
	var warnings []string
	if l.OtherEndpoint != "" {
		warnings = append(warnings, fmt.Sprintf("lane %s: its workers use the endpoint %s; this shell is configured for %s, where nothing will be created", l.name(), l.Endpoint, l.OtherEndpoint))
	}
	switch {
	case l.Stopped != "":
		warnings = append(warnings, l.Stopped)
	case !l.Served && l.unserved != "":
		warnings = append(warnings, l.unserved)
	}
	return warnings
}
