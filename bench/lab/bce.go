package lab

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"havip/bce/bcesim"
)

const roleBCE = "bce"

// The paths of the simulator's process that are not of BCE: one answers when the first create has arrived, one with the time of the last
// create's answer, and one with the number of HaVIPs.
const (
	pathFirst = "/bench/first"
	pathLast  = "/bench/last"
	pathCount = "/bench/count"
)

// BCE is a simulator of BCE in a process of its own.
type BCE struct {
	URL  string
	Stop func()
}

// BCE starts a simulator that answers after latency.
func (s *Site) BCE(ctx context.Context, latency time.Duration) (*BCE, error) {
	url, stop, err := StartServer(ctx, roleBCE, latency.String())
	return &BCE{url, stop}, err
}

func serveBCE(latency string) {
	delay, err := time.ParseDuration(latency)
	if err != nil {
		log.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{Latency: delay, CallLog: 1})
	first := make(chan struct{})
	var once sync.Once
	var last atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathFirst, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("GET "+pathLast, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strconv.FormatInt(last.Load(), 10))
	})
	mux.HandleFunc("GET "+pathCount, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strconv.Itoa(sim.Stats().Live)) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			once.Do(func() { close(first) })
			defer func() { last.Store(time.Now().UnixNano()) }()
		}
		sim.ServeHTTP(w, r)
	})
	Serve(mux)
}

// AwaitFirst waits for the first create.
func (b *BCE) AwaitFirst(ctx context.Context) error {
	_, err := b.get(ctx, pathFirst)
	return err
}

// Last is when the last create so far was answered.
func (b *BCE) Last(ctx context.Context) (time.Time, error) {
	text, err := b.get(ctx, pathLast)
	if err != nil {
		return time.Time{}, err
	}
	nanoseconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, nanoseconds), err
}

// Require fails unless so many HaVIPs exist.
func (b *BCE) Require(ctx context.Context, want int) error {
	text, err := b.get(ctx, pathCount)
	if err == nil && text != strconv.Itoa(want) {
		err = fmt.Errorf("%s HaVIPs exist, not %d", text, want)
	}
	return err
}

func (b *BCE) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}
