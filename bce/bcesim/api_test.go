package bcesim

import (
	"math"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func strictSubnet(t *testing.T, text string) Subnet {
	t.Helper()
	subnet, err := ParseSubnet(text)
	if err != nil {
		t.Fatal(err)
	}
	return subnet
}

func TestCreateAndGet(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	body := `{"name":"havip_test","subnetId":"sbn-dk8gl9bc","privateIpAddress":"192.168.0.1","description":"desc"}`
	got := f.wants(http.MethodPost, "/v1/havip?clientToken=cecad37a", body, 200, "")
	id := haVIPIDOf(t, got)
	for header, want := range map[string]string{
		"Content-Type": "application/json;charset=UTF-8",
		"Date":         epoch.Format(http.TimeFormat),
	} {
		if got.header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.header.Get(header), want)
		}
	}
	if got.header.Get("X-Bce-Request-Id") == "" {
		t.Error("no x-bce-request-id")
	}
	want := `{"haVipId":"` + id + `","name":"havip_test","description":"desc","vpcId":"vpc-dk8gl9bc","subnetId":"sbn-dk8gl9bc",` +
		`"status":"available","privateIpAddress":"192.168.0.1","createdTime":"2026-03-01T12:00:00Z"}`
	if got := f.wants(http.MethodGet, "/v1/havip/"+id, "", 200, ""); got.body != want {
		t.Errorf("get\n%s\nwant\n%s", got.body, want)
	}
}

func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{
		StrictSubnets: true,
		Subnets:       []Subnet{strictSubnet(t, "sbn-a=10.0.0.0/24@vpc-a")},
	})
	f.created("", createBody("taken", "sbn-a", "10.0.0.9"))
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"no body", "", 400, CodeMalformedJSON},
		{"half a body", `{"name":"a"`, 400, CodeMalformedJSON},
		{"two bodies", createBody("a", "sbn-a", "") + "{}", 400, CodeMalformedJSON},
		{"not UTF-8", "{\"name\":\"\xff\"}", 400, CodeMalformedJSON},
		{"a list", `[]`, 400, CodeInappropriateJSON},
		{"a number for a name", `{"name":1,"subnetId":"sbn-a","privateIpAddress":""}`, 400, CodeInappropriateJSON},
		{"null for an address", `{"name":"a","subnetId":"sbn-a","privateIpAddress":null}`, 400, CodeInappropriateJSON},
		{"null for a name", `{"name":null,"subnetId":"sbn-a","privateIpAddress":""}`, 400, CodeInappropriateJSON},
		{"no name", `{"subnetId":"sbn-a","privateIpAddress":""}`, 400, CodeInappropriateJSON},
		{"no subnet", `{"name":"a","privateIpAddress":""}`, 400, CodeInappropriateJSON},
		{"no address", `{"name":"a","subnetId":"sbn-a"}`, 400, CodeInappropriateJSON},
		{"unknown member", `{"name":"a","subnetId":"sbn-a","privateIpAddress":"","x":1}`, 400, CodeInappropriateJSON},
		{"member in other case", `{"Name":"a","subnetId":"sbn-a","privateIpAddress":""}`, 400, CodeInappropriateJSON},
		{"name starts with a digit", createBody("1a", "sbn-a", ""), 400, CodeInappropriateJSON},
		{"unknown subnet", createBody("a", "sbn-b", ""), 404, CodeNoSuchObject},
		{"no IPv4 address", createBody("a", "sbn-a", "10.0.0.300"), 400, CodeInappropriateJSON},
		{"IPv6 address", createBody("a", "sbn-a", "::1"), 400, CodeInappropriateJSON},
		{"address outside", createBody("a", "sbn-a", "10.0.1.1"), 400, CodePrivateIPOutside},
		{"network address", createBody("a", "sbn-a", "10.0.0.0"), 400, CodePrivateIPOutside},
		{"broadcast address", createBody("a", "sbn-a", "10.0.0.255"), 400, CodePrivateIPOutside},
		{"address in use", createBody("a", "sbn-a", "10.0.0.9"), 400, CodePrivateIPInUse},
		{"too large", `{"name":"` + strings.Repeat("a", maxBody) + `"}`, 400, CodeInvalidHTTPRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := *f
			b.t = t
			b.wants(http.MethodPost, "/v1/havip", tt.body, tt.status, tt.code)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"a":                             true,
		"高可用-1_/.":                      true,
		"a高可用":                          true,
		strings.Repeat("高", 65):         true,
		strings.Repeat("高", 66):         false,
		strings.Repeat("a", 65):         true,
		strings.Repeat("a", 66):         false,
		"":                              false,
		"-a":                            false,
		"1a":                            false,
		"a b":                           false,
		"é":                             false,
		"a!":                            false,
		"a\n":                           false,
		"a" + strings.Repeat("-_/.", 9): true,
	} {
		if refusal := checkName(name); (refusal == nil) != ok {
			t.Errorf("%q: %v, want ok %t", name, refusal, ok)
		}
	}
}

func TestAutomaticAddresses(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Subnets: []Subnet{strictSubnet(t, "sbn-a=10.0.0.0/29")}})
	f.created("", createBody("fixed", "sbn-a", "10.0.0.2"))
	var ids []string
	for i, want := range []string{"10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"} {
		id := f.created("", createBody(name(i), "sbn-a", ""))
		if got := f.get(id).PrivateIPAddress; got != want {
			t.Errorf("address %d is %s, want %s", i, got, want)
		}
		ids = append(ids, id)
	}
	f.wants(http.MethodPost, "/v1/havip", createBody("more", "sbn-a", ""), 400, CodeSubnetFull)
	f.wants(http.MethodDelete, "/v1/havip/"+ids[1], "", 200, "")
	if got := f.get(f.created("", createBody("again", "sbn-a", ""))).PrivateIPAddress; got != "10.0.0.3" {
		t.Errorf("a freed address was not given again: %s", got)
	}
}

// An implied subnet takes any private address, whatever came before.
func TestImpliedSubnet(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	for i, ip := range []string{"", "192.168.0.10", "172.16.5.5", "10.255.0.1", ""} {
		f.created("", createBody(name(i), "sbn-demo", ip))
	}
	f.wants(http.MethodPost, "/v1/havip", createBody("public", "sbn-demo", "8.8.8.8"), 400, CodePrivateIPOutside)
	f.wants(http.MethodPost, "/v1/havip", createBody("taken", "sbn-demo", "192.168.0.10"), 400, CodePrivateIPInUse)
	f.wants(http.MethodPost, "/v1/havip", createBody("a", "subnet-demo", ""), 404, CodeNoSuchObject)

	var got subnetBody
	decode(t, f.wants(http.MethodGet, "/v1/subnet/sbn-demo", "", 200, ""), &got)
	prefix := netip.MustParsePrefix(got.Subnet.CIDR)
	if prefix.Bits() != 16 || !netip.MustParsePrefix("10.0.0.0/8").Overlaps(prefix) {
		t.Errorf("cidr %s, want a /16 of 10.0.0.0/8", prefix)
	}
	if again := derivedSubnet("sbn-demo").CIDR.String(); again != "10.40.0.0/16" || got.Subnet.CIDR != again {
		t.Errorf("cidr %s, then %s; it must be the same in every run", got.Subnet.CIDR, again)
	}
	if got.Subnet.VPCID != "vpc-demo" || got.Subnet.AvailableIP != 1<<16-2-2 {
		t.Errorf("%+v", got.Subnet)
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{QuotaPerVPC: 1})
	id := f.created("", createBody("a", "sbn-a", ""))
	f.wants(http.MethodPost, "/v1/havip", createBody("b", "sbn-a", ""), 403, CodeQuotaLimitExceeded)
	f.created("", createBody("b", "sbn-b", ""))
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 200, "")
	f.created("", createBody("c", "sbn-a", ""))
}

func TestList(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	var ids []string
	for i := range 5 {
		ids = append(ids, f.created("", createBody(name(i), "sbn-a", "")))
	}
	other := f.created("", createBody("other", "sbn-b", ""))
	page := func(query string) (got listBody) {
		t.Helper()
		decode(t, f.wants(http.MethodGet, "/v1/havip?"+query, "", 200, ""), &got)
		return got
	}
	first := page("vpcId=vpc-a&maxKeys=2")
	if len(first.HaVIPs) != 2 || !first.IsTruncated || first.NextMarker != ids[2] || first.MaxKeys != 2 {
		t.Fatalf("first page %+v", first)
	}
	// A marker deleted between two pages still marks its place.
	f.wants(http.MethodDelete, "/v1/havip/"+ids[2], "", 200, "")
	second := page("vpcId=vpc-a&maxKeys=2&marker=" + first.NextMarker)
	if len(second.HaVIPs) != 2 || second.HaVIPs[0].HaVIPID != ids[3] || second.IsTruncated || second.NextMarker != "" {
		t.Fatalf("second page %+v", second)
	}
	if second.Marker != ids[2] {
		t.Errorf("marker %q, want %q", second.Marker, ids[2])
	}
	if all := page(""); len(all.HaVIPs) != 5 || all.HaVIPs[4].HaVIPID != other || all.MaxKeys != 1000 {
		t.Errorf("all %+v", all)
	}
	if none := f.wants(http.MethodGet, "/v1/havip?vpcId=vpc-none", "", 200, ""); !strings.Contains(none.body, `"haVips":[]`) {
		t.Errorf("an empty list is %s", none.body)
	}
	for _, query := range []string{"maxKeys=0", "maxKeys=1001", "maxKeys=x", "marker=havip-none"} {
		f.wants(http.MethodGet, "/v1/havip?"+query, "", 400, CodeInvalidHTTPRequest)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id := f.created("", createBody("old", "sbn-a", ""))
	path := "/v1/havip/" + id + "?modifyAttribute"
	f.wants(http.MethodPut, path, `{"name":"new","description":"d"}`, 200, "")
	f.wants(http.MethodPut, path, `{"name":""}`, 200, "")
	if got := f.get(id); got.Name != "new" || got.Description != "d" {
		t.Errorf("%+v", got)
	}
	f.wants(http.MethodPut, path, `{"name":"1"}`, 400, CodeInappropriateJSON)
	f.wants(http.MethodPut, "/v1/havip/havip-none?modifyAttribute", `{"name":"a"}`, 404, CodeNoSuchObject)
}

func TestInstances(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id := f.created("", createBody("a", "sbn-a", ""))
	attach, detach := "/v1/havip/"+id+"?attach", "/v1/havip/"+id+"?detach"
	f.wants(http.MethodPut, attach, `{"instanceIds":["i-1","i-2"],"instanceType":"SERVER"}`, 200, "")
	got := f.get(id)
	if got.Status != "binded" || len(got.BindedInstances) != 2 || !got.BindedInstances[0].Master || got.BindedInstances[1].Master {
		t.Errorf("%+v", got)
	}
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 412, CodePreconditionFailed)
	for _, tt := range []struct{ body, code string }{
		{`{"instanceIds":[],"instanceType":"SERVER"}`, CodeInappropriateJSON},
		{`{"instanceIds":["1","2","3","4","5","6"],"instanceType":"SERVER"}`, CodeInappropriateJSON},
		{`{"instanceIds":["i-1"],"instanceType":"VM"}`, CodeInappropriateJSON},
		{`{"instanceIds":"i-1","instanceType":"ENI"}`, CodeInappropriateJSON},
		{`{"instanceType":"ENI"}`, CodeInappropriateJSON},
	} {
		f.wants(http.MethodPut, attach, tt.body, 400, tt.code)
	}
	f.wants(http.MethodPut, attach, `{"instanceIds":["3","4","5","6"],"instanceType":"ENI"}`, 403, CodeQuotaLimitExceeded)
	f.wants(http.MethodPut, detach, `{"instanceIds":["i-9"],"instanceType":"SERVER"}`, 404, CodeNoSuchObject)
	f.wants(http.MethodPut, detach, `{"instanceIds":["i-1"],"instanceType":"SERVER"}`, 200, "")
	if got := f.get(id); len(got.BindedInstances) != 1 || !got.BindedInstances[0].Master {
		t.Errorf("%+v", got)
	}
	f.wants(http.MethodPut, detach, `{"instanceIds":["i-2"],"instanceType":"SERVER"}`, 200, "")
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 200, "")
	f.wants(http.MethodGet, "/v1/havip/"+id, "", 404, CodeNoSuchObject)
}

func TestPublicIP(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id, other := f.created("", createBody("a", "sbn-a", "")), f.created("", createBody("b", "sbn-a", ""))
	bind := func(id string) string { return "/v1/havip/" + id + "?bindPublicIp" }
	f.wants(http.MethodPut, bind(id), `{"publicIpAddress":"180.76.1.1"}`, 200, "")
	if got := f.get(id); got.PublicIPAddress != "180.76.1.1" || got.Status != "binded" {
		t.Errorf("%+v", got)
	}
	f.wants(http.MethodPut, bind(id), `{"publicIpAddress":"180.76.1.2"}`, 412, CodePreconditionFailed)
	f.wants(http.MethodPut, bind(other), `{"publicIpAddress":"180.76.1.1"}`, 412, CodePreconditionFailed)
	f.wants(http.MethodPut, bind(other), `{"publicIpAddress":"x"}`, 400, CodeInappropriateJSON)
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 412, CodePreconditionFailed)
	f.wants(http.MethodPut, "/v1/havip/"+id+"?unbindPublicIp", "", 200, "")
	f.wants(http.MethodPut, "/v1/havip/"+id+"?unbindPublicIp", "", 412, CodePreconditionFailed)
	f.wants(http.MethodPut, bind(other), `{"publicIpAddress":"180.76.1.1"}`, 200, "")
}

func TestPrivateIPInfo(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	f.created("", createBody("a", "sbn-a", "192.168.0.5"))
	f.created("", createBody("b", "sbn-b", "192.168.0.6"))
	asked := func(query string) (got privateIPBody) {
		t.Helper()
		decode(t, f.wants(http.MethodGet, "/v1/vpc/vpc-a/privateIpAddressInfo?"+query, "", 200, ""), &got)
		return got
	}
	for _, query := range []string{
		"privateIpAddresses=192.168.0.5&privateIpAddresses=192.168.0.6",
		"privateIpRange=192.168.0.1-192.168.0.9",
		"privateIpRange=192.168.0.5-192.168.0.5&privateIpAddresses=192.168.0.7",
	} {
		got := asked(query).VPCPrivateIPAddresses
		if len(got) != 1 || got[0].PrivateIPAddress != "192.168.0.5" || got[0].CreatedTime != "2026-03-01T12:00:00Z" {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := asked("privateIpRange=255.255.255.250-255.255.255.255").VPCPrivateIPAddresses; len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for _, query := range []string{"", "privateIpAddresses=x", "privateIpRange=192.168.0.9-192.168.0.1", "privateIpRange=10.0.0.0-10.0.0.100"} {
		f.wants(http.MethodGet, "/v1/vpc/vpc-a/privateIpAddressInfo?"+query, "", 400, CodeInvalidHTTPRequest)
	}
	f.wants(http.MethodGet, "/v1/vpc/x/privateIpAddressInfo?privateIpAddresses=10.0.0.1", "", 404, CodeNoSuchObject)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	for _, tt := range []struct {
		method, target string
		status         int
		code           string
	}{
		{http.MethodGet, "/", 400, CodeInvalidURI},
		{http.MethodGet, "/v1", 400, CodeInvalidURI},
		{http.MethodGet, "/v1/vpc", 400, CodeInvalidURI},
		{http.MethodGet, "/v1/havip/", 400, CodeInvalidURI},
		{http.MethodGet, "/v1/havip/a/b", 400, CodeInvalidURI},
		{http.MethodPost, "/v2/havip", 404, CodeInvalidVersion},
		{http.MethodPatch, "/v1/havip", 400, CodeInvalidHTTPRequest},
		{http.MethodPut, "/v1/havip/a", 400, CodeInvalidHTTPRequest},
		{http.MethodPut, "/v1/havip/a?attach&detach", 400, CodeInvalidHTTPRequest},
		{http.MethodPost, "/v1/havip/a", 400, CodeInvalidHTTPRequest},
		{http.MethodDelete, "/v1/subnet/a", 400, CodeInvalidHTTPRequest},
		{http.MethodPost, "/v1/havip?clientToken=" + strings.Repeat("a", 65), 400, CodeInvalidHTTPRequest},
		{http.MethodPost, "/v1/havip?clientToken=%E6%B5%8B", 400, CodeInvalidHTTPRequest},
		{http.MethodPost, "/v1/havip?clientToken=a&clientToken=b", 400, CodeInvalidHTTPRequest},
		{http.MethodDelete, "/v1/havip/havip-none", 404, CodeNoSuchObject},
		{http.MethodGet, "/v1/subnet/none", 404, CodeNoSuchObject},
	} {
		f.wants(tt.method, tt.target, "", tt.status, tt.code)
	}
	f.created(strings.Repeat("a", 64), createBody("a", "sbn-a", ""))
}

func TestSignatureIsRequired(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	if got := f.send(f.request(http.MethodGet, "/v1/havip", "")); got.status != 400 || got.code(t) != CodeInvalidHTTPAuthHeader {
		t.Errorf("unsigned: %d %s", got.status, got.body)
	}
	f.secret = "wrong"
	f.wants(http.MethodGet, "/v1/havip", "", 400, CodeSignatureDoesNotMatch)
	f.key = "nobody"
	f.wants(http.MethodGet, "/v1/havip", "", 403, CodeInvalidAccessKeyID)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Credentials: []Credential{
		{AccessKeyID: "one", SecretAccessKey: "1"},
		{AccessKeyID: "two", SecretAccessKey: "2"},
		{AccessKeyID: "temporary", SecretAccessKey: "3", SecurityToken: "st", Account: "one"},
	}})
	f.key, f.secret = "one", "1"
	id := f.created("token", createBody("a", "sbn-a", "10.0.0.1"))
	other := *f
	other.key, other.secret = "two", "2"
	other.wants(http.MethodGet, "/v1/havip/"+id, "", 404, CodeNoSuchObject)
	other.created("token", createBody("b", "sbn-a", "10.0.0.1"))

	sts := *f
	sts.key, sts.secret = "temporary", "3"
	sts.wants(http.MethodGet, "/v1/havip/"+id, "", 403, CodeAccessDenied)
	unsigned := sts.request(http.MethodGet, "/v1/havip/"+id, "")
	signRequest(t, unsigned, sts.key, sts.secret, f.clock.Now())
	unsigned.Header.Set("X-Bce-Security-Token", "st")
	if got := sts.send(unsigned); got.status != 403 || got.code(t) != CodeAccessDenied {
		t.Errorf("token not signed: %d %s", got.status, got.body)
	}
	r := sts.request(http.MethodGet, "/v1/havip/"+id, "")
	r.Header.Set("X-Bce-Security-Token", "st")
	signRequest(t, r, sts.key, sts.secret, f.clock.Now())
	if got := sts.send(r); got.status != 200 {
		t.Errorf("temporary key: %d %s", got.status, got.body)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Limits: map[Operation]Limit{
		Create:       {PerSecond: 0.5, Burst: 2, RetryAfter: true},
		List:         {PerSecond: 1},
		AnyOperation: {PerSecond: 100, Burst: 100},
	}})
	f.created("", createBody("a", "sbn-a", ""))
	f.created("", createBody("b", "sbn-a", ""))
	got := f.wants(http.MethodPost, "/v1/havip", createBody("c", "sbn-a", ""), 429, CodeRateLimit)
	if got.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q, want 2", got.header.Get("Retry-After"))
	}
	f.wants(http.MethodGet, "/v1/havip", "", 200, "")
	got = f.wants(http.MethodGet, "/v1/havip", "", 429, CodeRateLimit)
	if got.header.Get("Retry-After") != "" {
		t.Errorf("Retry-After %q where none is wanted", got.header.Get("Retry-After"))
	}
	f.clock.Advance(2 * time.Second)
	f.created("", createBody("c", "sbn-a", ""))
	f.wants(http.MethodPost, "/v1/havip", createBody("d", "sbn-a", ""), 429, CodeRateLimit)
	if stats := f.sim.Stats(); stats.RateLimited != 3 || stats.Live != 3 {
		t.Errorf("%+v", stats)
	}
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]Options{
		"credential":        {Credentials: []Credential{{AccessKeyID: "a"}}},
		"given twice":       {Subnets: []Subnet{strictSubnet(t, "sbn-a=10.0.0.0/24"), strictSubnet(t, "sbn-a=10.0.0.0/24")}},
		"no such operation": {Limits: map[Operation]Limit{"x": {PerSecond: 1}}},
		"0 a second":        {Limits: map[Operation]Limit{Create: {}}},
		"NaN a second":      {Limits: map[Operation]Limit{Create: {PerSecond: math.NaN()}}},
		"quota":             {QuotaPerVPC: -1},
		"call log":          {CallLog: -1},
		"latency":           {Latency: -1},
		"no such fault":     {Faults: Faults{Rules: []Rule{{Operation: Create, Kind: "x"}}}},
		"personality":       {Personality: Personality{Concurrent: "x"}},
	} {
		if err := options.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("New took options that do not validate")
		}
	}()
	New(Options{QuotaPerVPC: -1})
}

func TestParseSubnet(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sbn-a":               "want id=cidr",
		"a=10.0.0.0/24":       "sbn-",
		"sbn-a=10.0.0.0":      "10.0.0.0/24",
		"sbn-a=10.0.0.1/24":   "did you mean 10.0.0.0/24",
		"sbn-a=10.0.0.0/31":   "/30",
		"sbn-a=::/64":         "IPv4",
		"sbn-a=10.0.0.0/8@x":  "vpc-",
		"sbn-a b=10.0.0.0/24": "sbn-",
	} {
		if _, err := ParseSubnet(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %s", text, err, want)
		}
	}
	got, err := ParseSubnet("sbn-a=10.0.0.0/20@vpc-b")
	if err != nil || got != (Subnet{ID: "sbn-a", CIDR: netip.MustParsePrefix("10.0.0.0/20"), VPCID: "vpc-b"}) {
		t.Errorf("%+v, %v", got, err)
	}
}
