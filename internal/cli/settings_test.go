package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"havip/bce"
	"havip/tasks"
)

// caseProfile is a file of bce-cli with a region and an endpoint.
const caseProfile = `{"current":"prod","profiles":[
  {"name":"prod","mode":"AK","access_key_id":"AKprod0123456789","secret_access_key":"sandbox-secret","region":"gz","endpoint":"http://127.0.0.1:22001"},
  {"name":"shop","mode":"AK","access_key_id":"AKshop0123456789","secret_access_key":"sandbox-secret","region":"su","endpoint":"https://bcc.shop.example.com"}]}`

// homeWith is a home directory with a profile file, if any.
func homeWith(t *testing.T, profile string) string {
	t.Helper()
	home := t.TempDir()
	if profile == "" {
		return home
	}
	path := bce.ProfilePath(home)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// settingsOf runs a program's command with arguments and an environment, and returns what it finds in force.
func settingsOf(t *testing.T, environment map[string]string, args ...string) (settings []Setting, err error) {
	t.Helper()
	var region, endpoint string
	getenv := func(name string) string { return environment[name] }
	root := &cobra.Command{Use: "p"}
	root.PersistentFlags().StringVar(&region, "region", DefaultRegion, "region")
	Env(root.PersistentFlags(), "region", "BCE_REGION", "BAIDUCLOUD_REGION")
	show := &cobra.Command{Use: "show", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		settings = CloudSettings(cmd.Context(), cmd.Flags(), getenv)
		return nil
	}}
	show.Flags().StringVar(&endpoint, "endpoint", "", "endpoint")
	Env(show.Flags(), "endpoint", "BCE_ENDPOINT")
	root.AddCommand(show)
	Program(root, "HAVIP", getenv)
	root.SetArgs(append([]string{"show"}, args...))
	root.SetOut(&strings.Builder{})
	root.SetErr(&strings.Builder{})
	err = root.ExecuteContext(t.Context())
	return settings, err
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	home, bare := homeWith(t, caseProfile), homeWith(t, "")
	profile := `profile "prod" of ` + bce.ProfilePath(home)
	keys := func(id string) (shown, fingerprint string) {
		c := bce.NewCredentials(id, "secret", "")
		return c.ShortID(), c.Fingerprint()
	}
	prod, prodPrint := keys("AKprod0123456789")
	shell, shellPrint := keys("AKshell0123456789")
	for name, c := range map[string]struct {
		environment map[string]string
		args        []string
		want        []Setting
	}{
		"profile": {map[string]string{"HOME": home}, nil, []Setting{
			{Name: "region", Value: "gz", Source: profile},
			{Name: "endpoint", Value: "http://127.0.0.1:22001", Source: profile},
			{Name: "credentials", Value: prod, Source: profile, Fingerprint: prodPrint},
		}},
		"variables": {map[string]string{
			"HOME": home, "BAIDUCLOUD_REGION": "fwh\n", "BCE_ENDPOINT": "https://bcc.example.com\r\n",
			"BCE_ACCESS_KEY_ID": "AKshell0123456789\n", "BCE_SECRET_ACCESS_KEY": "s3cr3t\n",
		}, nil, []Setting{
			{Name: "region", Value: "fwh", Source: "BAIDUCLOUD_REGION"},
			{Name: "endpoint", Value: "https://bcc.example.com", Source: "BCE_ENDPOINT"},
			{Name: "credentials", Value: shell, Source: "BCE_ACCESS_KEY_ID", Fingerprint: shellPrint},
		}},
		"flags": {map[string]string{"HOME": home, "BCE_REGION": "fwh", "BCE_ENDPOINT": "https://bcc.example.com"}, []string{"--region", "cd", "--endpoint", "https://flag.example.com"}, []Setting{
			{Name: "region", Value: "cd", Source: "--region"},
			{Name: "endpoint", Value: "https://flag.example.com", Source: "--endpoint"},
			{Name: "credentials", Value: prod, Source: profile, Fingerprint: prodPrint},
		}},
		"each for itself": {map[string]string{"HOME": home, "BCE_REGION": "fwh"}, nil, []Setting{
			{Name: "region", Value: "fwh", Source: "BCE_REGION"},
			{Name: "endpoint", Value: "http://127.0.0.1:22001", Source: profile},
			{Name: "credentials", Value: prod, Source: profile, Fingerprint: prodPrint},
		}},
		"defaults": {map[string]string{"HOME": bare, "BAIDUCLOUD_ACCESS_KEY": "AKshell0123456789", "BAIDUCLOUD_SECRET_KEY": "s3cr3t"}, nil, []Setting{
			{Name: "region", Value: "bj", Source: "default"},
			{Name: "endpoint", Value: "https://bcc.bj.baidubce.com", Source: "default"},
			{Name: "credentials", Value: shell, Source: "BAIDUCLOUD_ACCESS_KEY", Fingerprint: shellPrint},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := settingsOf(t, c.environment, c.args...)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestNoCredentialsIsASetting(t *testing.T) {
	t.Parallel()
	got, err := settingsOf(t, map[string]string{})
	if err != nil || len(got) != 3 || got[2].Value != "" || !strings.Contains(got[2].Error, "BCE_ACCESS_KEY_ID") || !strings.Contains(got[2].Error, "HOME is not set") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A profile that cannot be read stops what would otherwise go on with the default region, and nothing else.
func TestBrokenProfile(t *testing.T) {
	t.Parallel()
	home := homeWith(t, "{\n  \"current\": \"prod\",}")
	_, err := settingsOf(t, map[string]string{"HOME": home})
	if CodeOf(err) != ExitConfig || !strings.Contains(err.Error(), "line 2, column 21") || !strings.Contains(err.Error(), bce.ProfilePath(home)) || !strings.Contains(err.Error(), "BCE_REGION") {
		t.Errorf("got %v (%d)", err, CodeOf(err))
	}
	if got, err := settingsOf(t, map[string]string{"HOME": home, "BCE_REGION": "gz"}); err != nil || got[0].Value != "gz" || got[1].Error == "" || got[2].Error == "" {
		t.Errorf("with a region: %+v, %v", got, err)
	}
	root := &cobra.Command{Use: "p"}
	root.PersistentFlags().String("region", DefaultRegion, "region")
	Program(root, "HAVIP", func(name string) string { return map[string]string{"HOME": home}[name] })
	root.SetArgs([]string{"version"})
	root.SetOut(&strings.Builder{})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Errorf("version: %v", err)
	}
}

// Each account has the endpoint of its own profile; what is given goes before all of them.
func TestEndpointOfAccount(t *testing.T) {
	t.Parallel()
	cloud := Cloud{Getenv: func(name string) string { return map[string]string{"HOME": homeWith(t, caseProfile)}[name] }}
	given := cloud
	given.Endpoint = "https://given.example.com"
	for _, c := range []struct {
		cloud         Cloud
		account, want string
	}{
		{cloud, tasks.DefaultAccount, "http://127.0.0.1:22001"},
		{cloud, "shop", "https://bcc.shop.example.com"},
		{given, "shop", "https://given.example.com"},
	} {
		client, err := c.cloud.Client(t.Context(), tasks.Lane{Account: c.account, Region: "bj"})
		if err != nil || client.Endpoint() != c.want {
			t.Errorf("account %s: got %v, %v; want %s", c.account, client, err, c.want)
		}
	}
}

func TestEndpointErrorsNameTheProfile(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"localhost:80", "http://bcc.example.com", "https://bcc.example.com/path"} {
		home := homeWith(t, strings.Replace(caseProfile, "http://127.0.0.1:22001", endpoint, 1))
		cloud := Cloud{Getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}
		_, err := cloud.Client(t.Context(), tasks.Lane{Account: tasks.DefaultAccount, Region: "bj"})
		if CodeOf(err) != ExitConfig || !strings.Contains(err.Error(), `profile "prod" of `+bce.ProfilePath(home)) {
			t.Errorf("%s: got %v (%d)", endpoint, err, CodeOf(err))
		}
	}
}

// Without a home directory, or with one that depends on where the program is started, nothing is read or kept below
// the working directory.
func TestHomeless(t *testing.T) {
	t.Parallel()
	for _, environment := range []map[string]string{{}, {"HOME": "."}, {"HOME": "/home/u", "XDG_STATE_HOME": "state"}} {
		dir, err := StateDir(func(name string) string { return environment[name] })
		if CodeOf(err) != ExitConfig || dir != "" || !strings.Contains(err.Error(), "HOME") {
			t.Errorf("%v: state directory %q, %v (%d)", environment, dir, err, CodeOf(err))
		}
	}
	for _, environment := range []map[string]string{{}, {"HOME": "relative"}} {
		cloud := Cloud{Getenv: func(name string) string { return environment[name] }}
		for _, account := range []string{tasks.DefaultAccount, "shop"} {
			_, err := cloud.Client(t.Context(), tasks.Lane{Account: account, Region: "bj"})
			if CodeOf(err) != ExitConfig || !errors.Is(err, bce.ErrNoCredentials) || !strings.Contains(err.Error(), "HOME") {
				t.Errorf("%v: account %s: %v (%d)", environment, account, err, CodeOf(err))
			}
		}
	}
	for environment, want := range map[string]string{"HOME=/h\n": "/h/.local/state/havip", "XDG_STATE_HOME=/s": "/s/havip"} {
		name, value, _ := strings.Cut(environment, "=")
		dir, err := StateDir(func(asked string) string { return map[string]string{name: value}[asked] })
		if err != nil || filepath.ToSlash(dir) != want {
			t.Errorf("%s: %q, %v", environment, dir, err)
		}
	}
}
