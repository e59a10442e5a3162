package bce_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"havip/bce"
	"havip/bce/bcesim"
)

// A role's credentials work in its account, and are renewed before they expire: no request is refused for an expired key.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := simTime
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	sim := bcesim.New(bcesim.Options{Now: clock})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	config := bce.Config{Endpoint: server.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")), Now: clock}
	role := bce.Role{AccountID: "team-account", Name: "havip"}
	assume, err := bce.NewAssumeRole(config, role)
	if err != nil {
		t.Fatal(err)
	}
	config.Credentials = bce.NewRefresher(assume, bce.RefreshOptions{Now: clock})
	client, err := bce.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	const hours = 9
	for i := range hours * 4 {
		if _, err := client.ListHaVIPs(t.Context(), bce.ListOptions{}); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		mu.Lock()
		now = now.Add(15 * time.Minute)
		mu.Unlock()
	}
	if _, err := client.CreateHaVIP(t.Context(), "token-of-the-role", bce.CreateHaVIPInput{Name: "vip", SubnetID: "sbn-a"}); err != nil {
		t.Fatal(err)
	}
	made := sim.Truth().HaVIPs
	if len(made) != 1 || made[0].Account != role.AccountID {
		t.Errorf("%+v was made", made)
	}
	if n := sim.Stats().Operations[bcesim.AssumeRole]; n < hours/2 || n > hours+1 {
		t.Errorf("the role was assumed %d times in %d hours", n, hours)
	}
	c, err := config.Credentials.Retrieve(t.Context())
	if err != nil || !c.Temporary() || !strings.Contains(c.Source(), "team-account") {
		t.Errorf("%v, %v", c, err)
	}
}

// An answer that cannot be used is not quoted: it may have the secret.
func TestAssumeRoleTellsNoSecret(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"accessKeyId":"ak","secretAccessKey":"hush-1","sessionToken":"hush-2"}`,
		`{"accessKeyId":"ak","secretAccessKey":"hush-1","sessionToken":"hush-2","expiration":"tomorrow"}`,
		`{"accessKeyId":"ak","secretAccessKey":"hush-1","sessionToken":"hush-2","expi`,
		`{"accessKeyId":"ak","secretAccessKey":["hush-1"]}`,
		`hush-1`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }))
		t.Cleanup(server.Close)
		assume, err := bce.NewAssumeRole(bce.Config{Endpoint: server.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials("a", "b", ""))}, bce.Role{AccountID: "1", Name: "r"})
		if err != nil {
			t.Fatal(err)
		}
		c, err := assume.Retrieve(t.Context())
		var failure *bce.Error
		if !errors.As(err, &failure) || !c.IsZero() {
			t.Fatalf("%v, %v", c, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", err, failure, failure); strings.Contains(text, "hush") {
			t.Errorf("%s", text)
		}
	}
}

func TestRoleMustBeComplete(t *testing.T) {
	t.Parallel()
	config := bce.Config{Credentials: bce.NewStaticProvider(bce.NewCredentials("a", "b", ""))}
	for _, role := range []bce.Role{{Name: "r"}, {AccountID: "1"}, {AccountID: "1", Name: "r", Duration: time.Minute}} {
		if _, err := bce.NewAssumeRole(config, role); err == nil {
			t.Errorf("%+v is accepted", role)
		}
	}
	if _, err := bce.NewAssumeRole(config, bce.Role{AccountID: "1", Name: "r"}); err != nil {
		t.Error(err)
	}
}
