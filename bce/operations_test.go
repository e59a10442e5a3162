package bce

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRequestsOnTheWire holds each operation to the documented request.
func TestRequestsOnTheWire(t *testing.T) {
	t.Parallel()
	name, description := "b<&>", ""
	instances := InstancesInput{InstanceIDs: []string{"i-1", "i-2"}, InstanceType: InstanceServer}
	for _, c := range []struct {
		op     string
		answer string
		call   func(context.Context, *Client) (ResponseMeta, error)
		method string
		uri    string
		body   string
	}{
		{
			"create", `{"haVipId":"havip-1"}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.CreateHaVIP(ctx, "token", CreateHaVIPInput{Name: "测试<&>", SubnetID: "sbn-1"})
				return out.ResponseMeta, err
			},
			"POST", "/v1/havip?clientToken=token", `{"name":"测试<&>","subnetId":"sbn-1","privateIpAddress":""}`,
		},
		{
			"create, all fields, odd token", `{"haVipId":"havip-1"}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.CreateHaVIP(ctx, "a+b/c=d&e", CreateHaVIPInput{Name: "a", SubnetID: "sbn-1", PrivateIPAddress: "10.0.0.1", Description: "d"})
				return out.ResponseMeta, err
			},
			"POST", "/v1/havip?clientToken=a%2Bb%2Fc%3Dd%26e", `{"name":"a","subnetId":"sbn-1","privateIpAddress":"10.0.0.1","description":"d"}`,
		},
		{
			"create from bytes", `{"haVipId":"havip-1"}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.CreateHaVIPBody(ctx, "token", []byte(" { \"name\" :\t\"a\" }\n"))
				return out.ResponseMeta, err
			},
			"POST", "/v1/havip?clientToken=token", " { \"name\" :\t\"a\" }\n",
		},
		{
			"list", `{"haVips":[]}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.ListHaVIPs(ctx, ListOptions{})
				return out.ResponseMeta, err
			},
			"GET", "/v1/havip?maxKeys=1000", "",
		},
		{
			"list page", `{"haVips":[]}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.ListHaVIPs(ctx, ListOptions{VPCID: "vpc-1", PageSize: 2, Marker: "havip-1"})
				return out.ResponseMeta, err
			},
			"GET", "/v1/havip?maxKeys=2&vpcId=vpc-1&marker=havip-1", "",
		},
		{
			"get", `{"haVipId":"havip-1"}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.GetHaVIP(ctx, "havip-1")
				return out.ResponseMeta, err
			},
			"GET", "/v1/havip/havip-1", "",
		},
		{
			"get, odd ID", `{"haVipId":"havip-1"}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.GetHaVIP(ctx, "a/b?c#d%2F 测")
				return out.ResponseMeta, err
			},
			"GET", "/v1/havip/a%2Fb%3Fc%23d%252F%20%E6%B5%8B", "",
		},
		{
			"update", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.UpdateHaVIP(ctx, "havip-1", "", UpdateHaVIPInput{Name: &name, Description: &description})
			},
			"PUT", "/v1/havip/havip-1?modifyAttribute", `{"name":"b<&>","description":""}`,
		},
		{
			"update one", "{}", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.UpdateHaVIP(ctx, "havip-1", "token", UpdateHaVIPInput{Name: &name})
			},
			"PUT", "/v1/havip/havip-1?modifyAttribute&clientToken=token", `{"name":"b<&>"}`,
		},
		{
			"delete", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.DeleteHaVIP(ctx, "havip-1", "")
			},
			"DELETE", "/v1/havip/havip-1", "",
		},
		{
			"bind instances", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.BindInstances(ctx, "havip-1", "token", instances)
			},
			"PUT", "/v1/havip/havip-1?attach&clientToken=token", `{"instanceIds":["i-1","i-2"],"instanceType":"SERVER"}`,
		},
		{
			"unbind instances", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.UnbindInstances(ctx, "havip-1", "", instances)
			},
			"PUT", "/v1/havip/havip-1?detach", `{"instanceIds":["i-1","i-2"],"instanceType":"SERVER"}`,
		},
		{
			"bind eip", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.BindEIP(ctx, "havip-1", "", "100.64.0.1")
			},
			"PUT", "/v1/havip/havip-1?bindPublicIp", `{"publicIpAddress":"100.64.0.1"}`,
		},
		{
			"unbind eip", "", func(ctx context.Context, c *Client) (ResponseMeta, error) {
				return c.UnbindEIP(ctx, "havip-1", "token")
			},
			"PUT", "/v1/havip/havip-1?unbindPublicIp&clientToken=token", "",
		},
		{
			"get subnet", `{"subnet":{"subnetId":"sbn-1"}}`, func(ctx context.Context, c *Client) (ResponseMeta, error) {
				out, err := c.GetSubnet(ctx, "sbn-1")
				return out.ResponseMeta, err
			},
			"GET", "/v1/subnet/sbn-1", "",
		},
	} {
		t.Run(c.op, func(t *testing.T) {
			t.Parallel()
			date := time.Date(2018, 4, 2, 8, 14, 25, 0, time.UTC)
			rec := &recorder{answer: c.answer, header: http.Header{
				"X-Bce-Request-Id": {"r-1"}, "Date": {date.Format(http.TimeFormat)},
			}}
			client, seen := rec.serve(t, nil)
			meta, err := c.call(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			if want := (ResponseMeta{StatusCode: 200, RequestID: "r-1", Date: date}); meta != want {
				t.Errorf("meta = %+v; want %+v", meta, want)
			}
			if len(rec.requests()) != 1 {
				t.Fatalf("the server saw %d requests", len(rec.requests()))
			}
			got := rec.requests()[0]
			if got.Method != c.method || got.URI != c.uri || got.Body != c.body {
				t.Errorf("request\n got %s %s %s\nwant %s %s %s", got.Method, got.URI, got.Body, c.method, c.uri, c.body)
			}
			if got.TransferEncoding != nil || got.Header.Get("Accept-Encoding") != "" {
				t.Errorf("sent chunked or asking for compression: %v %v", got.TransferEncoding, got.Header)
			}
			if wantType := c.body != ""; (got.Header.Get("Content-Type") == contentTypeJSON) != wantType {
				t.Errorf("content type = %q", got.Header.Get("Content-Type"))
			}
			attempt := seen.only(t)
			if attempt.Kind != 0 || !attempt.Sent || attempt.StatusCode != http.StatusOK || attempt.RequestID != "r-1" || attempt.Method != c.method {
				t.Errorf("attempt = %+v", attempt)
			}
		})
	}
}

// TestLocalRefusals holds that nothing is sent, and nothing reported as an attempt.
func TestLocalRefusals(t *testing.T) {
	t.Parallel()
	six := InstancesInput{InstanceIDs: strings.Split("1,2,3,4,5,6", ","), InstanceType: InstanceENI}
	name := "a"
	good := CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"}
	for want, call := range map[string]func(context.Context, *Client) error{
		"create havip: not sent: invalid input: name is required": func(ctx context.Context, c *Client) error {
			_, err := c.CreateHaVIP(ctx, "t", CreateHaVIPInput{SubnetID: "sbn-1"})
			return err
		},
		"subnetId is required": func(ctx context.Context, c *Client) error {
			_, err := c.CreateHaVIP(ctx, "t", CreateHaVIPInput{Name: "a"})
			return err
		},
		"clientToken is required":  createWith("", good),
		"clientToken has 65 bytes": createWith(strings.Repeat("a", 65), good),
		"must be printable ASCII":  createWith("测", good),
		"body must be a JSON object": func(ctx context.Context, c *Client) error {
			var all []error
			for _, body := range []string{"", " ", "null", "[]", "{", `{}{}`} {
				_, err := c.CreateHaVIPBody(ctx, "t", []byte(body))
				if err == nil {
					return nil
				}
				all = append(all, err)
			}
			return errors.Join(all...)
		},
		"page size 1001": func(ctx context.Context, c *Client) error {
			_, err := c.ListHaVIPs(ctx, ListOptions{PageSize: 1001})
			return err
		},
		"page size -1": func(ctx context.Context, c *Client) error {
			_, err := c.ListHaVIPs(ctx, ListOptions{PageSize: -1})
			return err
		},
		"get havip: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.GetHaVIP(ctx, "")
			return err
		},
		`haVipId ".." is not an ID`: func(ctx context.Context, c *Client) error {
			_, err := c.DeleteHaVIP(ctx, "..", "")
			return err
		},
		"delete havip: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.DeleteHaVIP(ctx, "", "")
			return err
		},
		"delete havip havip-1: not sent: invalid input: clientToken has 65 bytes": func(ctx context.Context, c *Client) error {
			_, err := c.DeleteHaVIP(ctx, "havip-1", strings.Repeat("a", 65))
			return err
		},
		"update havip: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.UpdateHaVIP(ctx, "", "", UpdateHaVIPInput{Name: &name})
			return err
		},
		"name or description is required": func(ctx context.Context, c *Client) error {
			_, err := c.UpdateHaVIP(ctx, "havip-1", "", UpdateHaVIPInput{})
			return err
		},
		"bind instances: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.BindInstances(ctx, "", "", InstancesInput{})
			return err
		},
		"instanceIds has 0 entries": func(ctx context.Context, c *Client) error {
			_, err := c.BindInstances(ctx, "havip-1", "", InstancesInput{InstanceType: InstanceENI})
			return err
		},
		"instanceIds has 6 entries": func(ctx context.Context, c *Client) error {
			_, err := c.UnbindInstances(ctx, "havip-1", "", six)
			return err
		},
		"instanceIds has an empty entry": func(ctx context.Context, c *Client) error {
			_, err := c.UnbindInstances(ctx, "havip-1", "", InstancesInput{[]string{""}, InstanceENI})
			return err
		},
		`instanceType "server" must be SERVER or ENI`: func(ctx context.Context, c *Client) error {
			_, err := c.BindInstances(ctx, "havip-1", "", InstancesInput{[]string{"i"}, "server"})
			return err
		},
		`publicIpAddress "x" must be an IP address`: func(ctx context.Context, c *Client) error {
			_, err := c.BindEIP(ctx, "havip-1", "", "x")
			return err
		},
		"bind eip: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.BindEIP(ctx, "", "", "x")
			return err
		},
		"unbind eip: not sent: invalid input: haVipId is required": func(ctx context.Context, c *Client) error {
			_, err := c.UnbindEIP(ctx, "", "")
			return err
		},
		"get subnet: not sent: invalid input: subnetId is required": func(ctx context.Context, c *Client) error {
			_, err := c.GetSubnet(ctx, "")
			return err
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{}
			client, seen := rec.serve(t, nil)
			err := call(t.Context(), client)
			var failure *Error
			if !errors.As(err, &failure) || failure.Kind != KindLocal || failure.Sent || !errors.Is(err, ErrInvalid) {
				t.Fatalf("error = %#v; want a local refusal", err)
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error = %v; want %q in it", err, want)
			}
			if len(rec.requests()) != 0 || len(seen.all()) != 0 {
				t.Error("something was sent")
			}
		})
	}
}

func createWith(token string, in CreateHaVIPInput) func(context.Context, *Client) error {
	return func(ctx context.Context, c *Client) error {
		_, err := c.CreateHaVIP(ctx, token, in)
		return err
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	const havip = `{"haVipId":"havip-1","name":"n","description":"d","vpcId":"vpc-1","subnetId":"sbn-1","status":"binded",
		"privateIpAddress":"10.0.0.1","publicIpAddress":"1.2.3.4","createdTime":"2018-04-02T08:14:25Z",
		"bindedInstances":[{"instanceId":"i-1","instanceType":"SERVER","master":true}],"new":1}`
	want := HaVIP{
		ID: "havip-1", Name: "n", Description: "d", VPCID: "vpc-1", SubnetID: "sbn-1", Status: StatusBound,
		PrivateIPAddress: "10.0.0.1", PublicIPAddress: "1.2.3.4", CreatedTime: time.Date(2018, 4, 2, 8, 14, 25, 0, time.UTC),
		BoundInstances: []BoundInstance{{ID: "i-1", Type: InstanceServer, Master: true}},
	}
	rec := &recorder{answer: havip}
	client, _ := rec.serve(t, nil)
	got, err := client.GetHaVIP(t.Context(), "havip-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.HaVIP); diff != "" {
		t.Error(diff)
	}

	five := 5
	subnets := &recorder{answer: `{"subnet":{"subnetId":"sbn-1","name":"n","zoneName":"cn-bj-a","cidr":"10.0.0.0/24","vpcId":"vpc-1","availableIp":5,"tags":[]}}`}
	client, _ = subnets.serve(t, nil)
	subnet, err := client.GetSubnet(t.Context(), "sbn-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Subnet{"sbn-1", "n", "cn-bj-a", "10.0.0.0/24", "vpc-1", &five}, subnet.Subnet); diff != "" {
		t.Error(diff)
	}
}
