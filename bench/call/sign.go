package main

import (
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/baidubce/bce-sdk-go/auth"
	sdkhttp "github.com/baidubce/bce-sdk-go/http"

	"havip/bce"
	"havip/bench/lab"
)

const (
	accessKey = "0123456789abcdef0123456789abcdef"
	secretKey = "fedcba9876543210fedcba9876543210"
	host      = "bcc.bj.baidubce.com"
	token     = "b64a0b32-45b7-5e1c-8a0f-6a4b1bd8f1a7"
	body      = `{"name":"web-vip-1","subnetId":"sbn-dk8gl9bc","privateIpAddress":"192.168.0.17","description":"for the web tier"}`
	jsonType  = "application/json;charset=utf-8"
)

// signings is how often one round signs: long enough that the clock's second changes.
const signings = 200_000

// measureSigning signs the create of an item, each time at the time of the clock, as calls do.
func measureSigning(claims *lab.Claims) error {
	ours, err := signOurs()
	if err != nil {
		return err
	}
	sdk, err := signSDK()
	if err != nil {
		return err
	}
	var times, allocations []float64
	all, err := ratios(func() (float64, error) {
		took, allocs, err := repeat(ours)
		times, allocations = append(times, took/1e3), append(allocations, allocs)
		return took, err
	}, func() (float64, error) {
		took, _, err := repeat(sdk)
		return took, err
	})
	if err != nil {
		return err
	}
	claims.AtMost("time of signing a create to the SDK's", all, 0.12, "")
	claims.AtMost("allocations of signing a create", allocations, 4, "")
	claims.AtMost("µs of signing a create", times, 1.3, "")
	return nil
}

// repeat returns nanoseconds and allocations of one signing.
func repeat(sign func() error) (nanoseconds, allocations float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range signings {
		if err := sign(); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return float64(took.Nanoseconds()) / signings, float64(after.Mallocs-before.Mallocs) / signings, nil
}

func signOurs() (func() error, error) {
	req, err := http.NewRequest(http.MethodPost, "https://"+host+"/v1/havip?clientToken="+token, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("X-Bce-Request-Id", token)
	signer, credentials := bce.NewSigner(), bce.NewCredentials(accessKey, secretKey, "")
	return func() error {
		return signer.Sign(req, bce.SignInput{Credentials: credentials, Time: time.Now()})
	}, nil
}

func signSDK() (func() error, error) {
	credentials, err := auth.NewBceCredentials(accessKey, secretKey)
	if err != nil {
		return nil, err
	}
	req := &sdkhttp.Request{}
	req.SetMethod(http.MethodPost)
	req.SetUri("/v1/havip")
	req.SetParam("clientToken", token)
	for name, value := range map[string]string{
		"Host": host, "Content-Length": fmt.Sprint(len(body)), "Content-Type": jsonType, "x-bce-request-id": token,
	} {
		req.SetHeader(name, value)
	}
	signer := &auth.BceV1Signer{}
	options := &auth.SignOptions{HeadersToSign: auth.DEFAULT_HEADERS_TO_SIGN, ExpireSeconds: auth.DEFAULT_EXPIRE_SECONDS}
	return func() error {
		now := time.Now().Unix()
		req.SetHeader("x-bce-date", time.Unix(now, 0).UTC().Format("2006-01-02T15:04:05Z"))
		options.Timestamp = now
		signer.Sign(req, credentials, options)
		return nil
	}, nil
}
