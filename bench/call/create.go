package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/baidubce/bce-sdk-go/services/havip"

	"havip/bce"
	"havip/bench/lab"
)

// inFlight is how many goroutines send at a time.
const inFlight = 64

// measureCalls compares the CPU, user and system, that one create takes in the client's process.
func measureCalls(ctx context.Context, claims *lab.Claims) error {
	url, stop, err := lab.StartServer(ctx, roleServer, "")
	if err != nil {
		return err
	}
	defer stop()
	ours, err := createOurs(url)
	if err != nil {
		return err
	}
	sdk, err := createSDK(url)
	if err != nil {
		return err
	}
	bare := createBare(url)
	cost := func(create func(context.Context) error) func() (float64, error) {
		return func() (float64, error) { return cpuOfCalls(ctx, create) }
	}
	all, err := ratios(cost(ours), cost(bare))
	if err != nil {
		return err
	}
	claims.AtMost("CPU of a create call to net/http alone", all, 1.15, "")
	if all, err = ratios(cost(ours), cost(sdk)); err != nil {
		return err
	}
	claims.AtMost("CPU of a create call to the SDK", all, 0.55, "")
	return nil
}

// cpuOfCalls returns the microseconds of CPU that a call takes this process.
func cpuOfCalls(ctx context.Context, create func(context.Context) error) (float64, error) {
	before := lab.CPUTime()
	var left atomic.Int64
	left.Store(int64(calls))
	errs := make([]error, inFlight)
	var wg sync.WaitGroup
	for i := range inFlight {
		wg.Go(func() {
			for left.Add(-1) >= 0 && errs[i] == nil {
				errs[i] = create(ctx)
			}
		})
	}
	wg.Wait()
	used := lab.CPUTime() - before
	return float64(used.Microseconds()) / float64(calls), errors.Join(errs...)
}

func createOurs(url string) (func(context.Context) error, error) {
	client, err := bce.NewClient(bce.Config{
		Endpoint: url, Credentials: bce.NewStaticProvider(bce.NewCredentials(accessKey, secretKey, "")),
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		out, err := client.CreateHaVIPBody(ctx, token, []byte(body))
		if err == nil && out.HaVIPID != answeredID {
			err = fmt.Errorf("ID %q", out.HaVIPID)
		}
		return err
	}, nil
}

func createSDK(url string) (func(context.Context) error, error) {
	client, err := havip.NewClient(accessKey, secretKey, url)
	if err != nil {
		return nil, err
	}
	args := &havip.CreateHaVipArgs{
		ClientToken: token, Name: "web-vip-1", SubnetId: "sbn-dk8gl9bc", PrivateIpAddress: "192.168.0.17",
		Description: "for the web tier",
	}
	return func(context.Context) error {
		out, err := client.CreateHaVip(args)
		if err == nil && out.HaVipId != answeredID {
			err = fmt.Errorf("ID %q", out.HaVipId)
		}
		return err
	}, nil
}

// createBare sends the same request unsigned, with the timeout that everybody should have, and reads the ID.
func createBare(url string) func(context.Context) error {
	client := &http.Client{
		Timeout:   15 * time.Second,
		Transport: &http.Transport{MaxIdleConns: inFlight, MaxIdleConnsPerHost: inFlight, DisableCompression: true},
	}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/havip?clientToken="+token, bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", jsonType)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		content, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		var out struct {
			HaVIPID string `json:"haVipId"`
		}
		if err := json.Unmarshal(content, &out); err != nil {
			return err
		}
		if out.HaVIPID != answeredID {
			return fmt.Errorf("ID %q", out.HaVIPID)
		}
		return nil
	}
}

const answeredID = "havip-w2d4kgc3x0y1"

// serve answers every request as BCE answers a create.
func serve() {
	lab.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("X-Bce-Request-Id", token)
		_, _ = io.WriteString(w, `{"haVipId":"`+answeredID+`"}`)
	}))
}
