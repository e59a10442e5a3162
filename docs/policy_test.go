package docs

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The policy grants single permissions, each of which the documentation explains, and nothing wider.
func TestPolicyIsMinimal(t *testing.T) {
	t.Parallel()
	var policy struct {
		Version           string `json:"version"`
		AccessControlList []struct {
			Eid        string   `json:"eid"`
			Service    string   `json:"service"`
			Region     string   `json:"region"`
			Effect     string   `json:"effect"`
			Resource   []string `json:"resource"`
			Permission []string `json:"permission"`
		} `json:"accessControlList"`
	}
	decoder := json.NewDecoder(strings.NewReader(readText(t, "../deploy/iam-policy.json")))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		t.Fatal(err)
	}
	var granted []string
	for _, entry := range policy.AccessControlList {
		if entry.Service != "bce:network" || entry.Effect != "Allow" {
			t.Errorf("%+v", entry)
		}
		granted = append(granted, entry.Permission...)
	}
	if want := []string{"HAVIP_READ", "HAVIP_OPERATE", "SUBNET_READ"}; !slices.Equal(granted, want) {
		t.Errorf("granted: %q, want %q", granted, want)
	}
	for _, permission := range granted {
		if !strings.Contains(readText(t, "security.md"), "`"+permission+"`") {
			t.Errorf("security.md does not mention %s", permission)
		}
	}
}
