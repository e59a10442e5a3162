package lanefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/tasks"
)

const whole = `
accounts:
  default:
    regions:
      gz:
      bj: {rps: 2.5, concurrency: 40}
  team-a:
    profile: a
    file: /run/secrets/bce.json
    endpoint: https://bcc.bj.baidubce.com
    regions: {bj: {rps: 0}}
  customer:
    role: {account: "0123", name: havip, by: team-a, duration: 1h30m, endpoint: "http://127.0.0.1:8645"}
    regions: {su: }
  only-for-roles:
    profile: x
`

func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lanes.yaml")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := []tasks.Lane{{Account: "customer", Region: "su"}, {Account: "default", Region: "bj"}, {Account: "default", Region: "gz"}, {Account: "team-a", Region: "bj"}}
	if diff := cmp.Diff(want, file.Lanes()); diff != "" {
		t.Error(diff)
	}
	two, none := 2.5, 0.0
	for lane, want := range map[tasks.Lane]Region{
		{Account: "default", Region: "bj"}: {RPS: &two, Concurrency: 40}, {Account: "default", Region: "gz"}: {}, {Account: "team-a", Region: "bj"}: {RPS: &none},
	} {
		if got, ok := file.Settings(lane); !ok || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %+v, %v", lane, got, ok)
		}
	}
	if _, ok := file.Settings(tasks.Lane{Account: "team-a", Region: "gz"}); ok {
		t.Error("a lane that is not in the file")
	}
	role := file.Accounts["customer"].Role
	if role == nil || role.Duration != 90*time.Minute || role.Assumer() != "team-a" || (Role{}).Assumer() != "default" {
		t.Errorf("%+v", role)
	}
	if _, err := Read(t.Context(), path+"x"); err == nil || !strings.Contains(err.Error(), path+"x") {
		t.Errorf("%v", err)
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	if _, err := Read(t.Context(), "../../examples/lanes.yaml"); err != nil {
		t.Error(err)
	}
}

// Errors name the line and the field, and all of them are told at once.
func TestFaults(t *testing.T) {
	t.Parallel()
	account := func(text string) string { return "accounts:\n  a:\n" + text }
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", []string{"line 1: no documents"}},
		{"accounts:", []string{"no lane"}},
		{"accounts: {a: {profile: x}}", []string{"no lane"}},
		{"accounts: [", []string{"line 2"}},
		{"lanes: [default/bj]", []string{"line 1", "lanes"}},
		{account("    region: {bj: }"), []string{"line 3: there is no field \"region\""}},
		{account("    regions:\n      bj: {rps: fast}\n      gz: {concurrency: many}"), []string{"line 4", "fast", "line 5", "many"}},
		{account("    regions:\n      bj:\n        rps: -1\n        concurrency: -2"), []string{"line 5: accounts.a.regions.bj.rps", "line 6: accounts.a.regions.bj.concurrency"}},
		{account("    regions: {bj: {rps: .nan}, gz: {rps: .inf}}"), []string{"bj.rps", "gz.rps"}},
		{account("    regions:\n      Peking!: {}"), []string{"line 4", "Peking!"}},
		{account("    regions: {bj: , bj: }"), []string{"line 3", "bj"}},
		{account("    role: {account: x}\n    regions: {bj: }"), []string{"line 3: accounts.a.role"}},
		{account("    profile: p\n    role: {account: x, name: y}\n    regions: {bj: }"), []string{"line 4: accounts.a.role"}},
		{account("    role: {account: x, name: y, duration: 1m}\n    regions: {bj: }"), []string{"role.duration"}},
		{account("    role: {account: x, name: y, by: b}\n    regions: {bj: }"), []string{"role.by", `"b"`}},
		{account("    role: {account: x, name: y, by: a}\n    regions: {bj: }"), []string{"role.by", "role itself"}},
	} {
		_, err := Parse([]byte(tt.text))
		if err == nil {
			t.Errorf("%q is accepted", tt.text)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v: want %q", tt.text, err, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("accounts: {a: &x {regions: {bj: }}, b: *x}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse([]byte(text))
		if err == nil && len(file.Lanes()) == 0 {
			t.Errorf("no lane in %q", text)
		}
	})
}
