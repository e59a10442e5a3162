package sdkcompat

import (
	"errors"
	"strconv"
	"testing"

	"github.com/baidubce/bce-sdk-go/bce"
	"github.com/baidubce/bce-sdk-go/services/havip"
	"github.com/baidubce/bce-sdk-go/services/vpc"
)

// newClient returns one of the SDK's HaVIP clients for the simulator.
func newClient(t *testing.T, sim simulator) *havip.Client {
	t.Helper()
	client, err := havip.NewClient(keys, keys, sim.url)
	must(t, "client", err)
	return client
}

func wantCode(t *testing.T, what string, err error, code string, status int) {
	t.Helper()
	var refusal *bce.BceServiceError
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.StatusCode != status || refusal.RequestId == "" {
		t.Errorf("%s: %v, want %s (%d) with a request ID", what, err, code, status)
	}
}

// TestSDK runs one scenario after the other: all of the SDK's clients share one HTTP client,
// which each request writes to without a lock.
func TestSDK(t *testing.T) {
	t.Parallel()
	t.Run("nine operations", nineOperations)
	t.Run("list pages", listPages)
	t.Run("subnet and addresses", subnetAndAddresses)
	t.Run("refusals", refusals)
	t.Run("retries", retriesOfTheSDK)
}

// One life of a HaVIP through all nine operations.
func nineOperations(t *testing.T) {
	client := newClient(t, simulate(t, "", ""))
	args := &havip.CreateHaVipArgs{
		ClientToken: "cecad37a-5a1e-4135-a1bc-b1a105d12dec", Name: "高可用/sdk", SubnetId: "sbn-dk8gl9bc",
		PrivateIpAddress: "192.168.0.1", Description: "a b&c=d",
	}
	made, err := client.CreateHaVip(args)
	must(t, "create", err)
	again, err := client.CreateHaVip(args)
	must(t, "create again", err)
	if made.HaVipId == "" || again.HaVipId != made.HaVipId {
		t.Fatalf("one token made %q and %q", made.HaVipId, again.HaVipId)
	}
	id := made.HaVipId

	got, err := client.GetHaVipDetail(id)
	must(t, "get", err)
	if got.Name != args.Name || got.PrivateIpAddress != args.PrivateIpAddress || got.Description != args.Description ||
		got.SubnetId != args.SubnetId || got.Status != "available" || got.VpcId == "" || got.CreatedTime == "" {
		t.Errorf("get: %+v", got)
	}
	must(t, "update", client.UpdateHaVip(&havip.UpdateHaVipArgs{HaVipId: id, ClientToken: "u", Description: "new"}))
	must(t, "attach", client.HaVipAttachInstance(&havip.HaVipInstanceArgs{
		HaVipId: id, ClientToken: "a", InstanceIds: []string{"i-1", "i-2"}, InstanceType: "SERVER",
	}))
	must(t, "bind EIP", client.HaVipBindPublicIp(&havip.HaVipBindPublicIpArgs{HaVipId: id, ClientToken: "b", PublicIpAddress: "180.76.1.1"}))
	got, err = client.GetHaVipDetail(id)
	must(t, "get bound", err)
	if got.Name != args.Name || got.Description != "new" || got.Status != "binded" || got.PublicIpAddress != "180.76.1.1" ||
		len(got.BindedInstances) != 2 || !got.BindedInstances[0].Master {
		t.Errorf("get bound: %+v", got)
	}
	wantCode(t, "delete bound", client.DeleteHaVip(&havip.DeleteHaVipArgs{HaVipId: id}), "PreconditionFailed", 412)
	must(t, "unbind EIP", client.HaVipUnbindPublicIp(&havip.HaVipUnbindPublicIpArgs{HaVipId: id, ClientToken: "c"}))
	must(t, "detach", client.HaVipDetachInstance(&havip.HaVipInstanceArgs{
		HaVipId: id, ClientToken: "d", InstanceIds: []string{"i-1", "i-2"}, InstanceType: "SERVER",
	}))
	must(t, "delete", client.DeleteHaVip(&havip.DeleteHaVipArgs{HaVipId: id, ClientToken: "e"}))
	_, err = client.GetHaVipDetail(id)
	wantCode(t, "get deleted", err, "NoSuchObject", 404)
}

func listPages(t *testing.T) {
	client := newClient(t, simulate(t, "", ""))
	for i := range 5 {
		_, err := client.CreateHaVip(&havip.CreateHaVipArgs{Name: "vip-" + strconv.Itoa(i), SubnetId: "sbn-a"})
		must(t, "create", err)
	}
	var names []string
	marker := ""
	for {
		page, err := client.ListHaVip(&havip.ListHaVipArgs{VpcId: "vpc-a", Marker: marker, MaxKeys: 2})
		must(t, "list", err)
		for _, h := range page.HaVips {
			names = append(names, h.Name)
		}
		if !page.IsTruncated {
			break
		}
		marker = page.NextMarker
	}
	if len(names) != 5 || names[0] != "vip-0" || names[4] != "vip-4" {
		t.Errorf("listed %v", names)
	}
}

func subnetAndAddresses(t *testing.T) {
	sim := simulate(t, "", "sbn-a=10.0.0.0/24@vpc-a")
	network, err := vpc.NewClient(keys, keys, sim.url)
	must(t, "client", err)
	_, err = newClient(t, sim).CreateHaVip(&havip.CreateHaVipArgs{Name: "a", SubnetId: "sbn-a", PrivateIpAddress: "10.0.0.9"})
	must(t, "create", err)
	detail, err := network.GetSubnetDetail("sbn-a")
	must(t, "get subnet", err)
	if got := detail.Subnet; got.SubnetId != "sbn-a" || got.Cidr != "10.0.0.0/24" || got.VPCId != "vpc-a" || got.AvailableIp != 253 {
		t.Errorf("subnet %+v", got)
	}
	used, err := network.GetPrivateIpAddressesInfo(&vpc.GetVpcPrivateIpArgs{VpcId: "vpc-a", PrivateIpRange: "10.0.0.1-10.0.0.20"})
	must(t, "private addresses", err)
	if got := used.VpcPrivateIpAddresses; len(got) != 1 || got[0].PrivateIpAddress != "10.0.0.9" || got[0].Cidr != "10.0.0.0/24" {
		t.Errorf("private addresses %+v", got)
	}
}

func refusals(t *testing.T) {
	client := newClient(t, simulate(t, "", ""))
	_, err := client.CreateHaVip(&havip.CreateHaVipArgs{Name: "1", SubnetId: "sbn-a"})
	wantCode(t, "name", err, "InappropriateJSON", 400)
	_, err = client.CreateHaVip(&havip.CreateHaVipArgs{Name: "a", SubnetId: "sbn-a", ClientToken: "t"})
	must(t, "create", err)
	_, err = client.CreateHaVip(&havip.CreateHaVipArgs{Name: "b", SubnetId: "sbn-a", ClientToken: "t"})
	wantCode(t, "token", err, "IdempotentParameterMismatch", 403)
	client.Config.Credentials.SecretAccessKey = "wrong"
	_, err = client.GetHaVipDetail("havip-x")
	wantCode(t, "signature", err, "SignatureDoesNotMatch", 400)
}

// The hazard that this project exists for: without a token the SDK's own retry of a create
// whose answer was lost makes a second HaVIP. With one it does not.
func retriesOfTheSDK(t *testing.T) {
	for token, want := range map[string]int{"": 2, "t": 1} {
		sim := simulate(t, "create:commit-500=x1", "")
		_, err := newClient(t, sim).CreateHaVip(&havip.CreateHaVipArgs{Name: "a", SubnetId: "sbn-a", ClientToken: token})
		must(t, "create", err)
		if got := len(sim.Truth().Live()); got != want {
			t.Errorf("token %q: %d HaVIPs, want %d", token, got, want)
		}
	}
}
