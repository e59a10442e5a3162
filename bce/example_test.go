package bce_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"havip/bce"
)

// fakeBCE stands in for BCE's endpoint.
func fakeBCE(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bce-Request-Id", "7e789a40-adac-414a-8bd4-916d6be61112")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
}

func ExampleNewClient() {
	server := fakeBCE(http.StatusOK, `{"haVipId":"havip-w2d4kgc3x0y1"}`)
	defer server.Close()

	client, err := bce.NewClient(bce.Config{
		Endpoint:    server.URL, // or Region: "bj"
		Credentials: bce.NewStaticProvider(bce.NewCredentials("access-key-id", "secret-access-key", "")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	created, err := client.CreateHaVIP(context.Background(), "cecad37a-5a1e-4135-a1bc-b1a105d12dec", bce.CreateHaVIPInput{
		Name:     "havip_test",
		SubnetID: "sbn-dk8gl9bc",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(created.HaVIPID, created.RequestID)
	// Output: havip-w2d4kgc3x0y1 7e789a40-adac-414a-8bd4-916d6be61112
}

// The bytes of a create are made once and sent by every attempt; what an attempt proved
// decides what may follow.
func ExampleClient_CreateHaVIPBody() {
	server := fakeBCE(http.StatusForbidden, `{"code":"AccessDenied","message":"no permission","requestId":"r-1"}`)
	defer server.Close()

	client, err := bce.NewClient(bce.Config{
		Endpoint:    server.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials("access-key-id", "secret-access-key", "")),
		OnAttempt: func(a bce.Attempt) {
			fmt.Println(a.Method, a.Path, a.StatusCode, a.BodyHash[:8])
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := []byte(`{"name":"havip_test","subnetId":"sbn-dk8gl9bc","privateIpAddress":""}`)
	_, err = client.CreateHaVIPBody(context.Background(), "cecad37a-5a1e-4135-a1bc-b1a105d12dec", body)

	var failure *bce.Error
	if errors.As(err, &failure) {
		switch {
		case failure.Kind == bce.KindAPI && failure.Code == bce.CodeAccessDenied:
			fmt.Println("the account may not:", failure)
		case !failure.Sent:
			fmt.Println("nothing happened; try again")
		default:
			fmt.Println("unknown; try again under the same token")
		}
	}
	// Output:
	// POST /v1/havip 403 70f8ecfb
	// the account may not: create havip: 403 AccessDenied: no permission (request id r-1)
}

func ExampleClient_ListHaVIPs() {
	server := fakeBCE(http.StatusOK, `{"haVips":[{"haVipId":"havip-1","name":"a"},{"haVipId":"havip-2","name":"b"}],"isTruncated":false}`)
	defer server.Close()

	client, err := bce.NewClient(bce.Config{
		Endpoint:    server.URL,
		Credentials: bce.NewStaticProvider(bce.NewCredentials("access-key-id", "secret-access-key", "")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	options := bce.ListOptions{VPCID: "vpc-1"}
	for more := true; more; more = options.Marker != "" {
		page, err := client.ListHaVIPs(context.Background(), options)
		if err != nil {
			fmt.Println("the listing is not complete:", err)
			return
		}
		for _, havip := range page.HaVIPs {
			fmt.Println(havip.ID, havip.Name)
		}
		options.Marker = page.NextMarker
	}
	// Output:
	// havip-1 a
	// havip-2 b
}

// Credentials print as the beginning of the access key ID.
func ExampleCredentials() {
	credentials := bce.NewCredentials("AKIDEXAMPLE0123456789", "secret-access-key", "")
	fmt.Printf("%v\n", credentials)
	// Output: credentials(AKID…)
}

func ExampleSigner_Sign() {
	req, err := http.NewRequest(http.MethodGet, "https://bcc.bj.baidubce.com/v1/havip?maxKeys=1000", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = bce.NewSigner().Sign(req, bce.SignInput{
		Credentials: bce.NewCredentials("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", ""),
		Time:        time.Date(2018, 4, 2, 8, 14, 25, 0, time.UTC),
	})
	fmt.Println(err, req.Header.Get("X-Bce-Date"))
	// Output: <nil> 2018-04-02T08:14:25Z
}
