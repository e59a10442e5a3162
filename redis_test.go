package havip

import (
	"strings"
	"testing"

	"havip/test/redistest"
)

func TestOpenRedis(t *testing.T) {
	t.Parallel()
	durable := redistest.AppendOnly(redistest.EverySecond)
	tests := map[string]struct {
		options []redistest.Option
		refusal string
	}{
		"durable":  {[]redistest.Option{durable}, ""},
		"volatile": {nil, "appendonly"},
		"evicting": {[]redistest.Option{durable, redistest.Lines("maxmemory 100mb"), redistest.MaxMemoryPolicy("allkeys-lru")}, "noeviction"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := OpenRedis(t.Context(), redistest.Patient(redistest.Start(t, test.options...).URL()))
			switch {
			case err == nil && test.refusal == "":
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			case err == nil || test.refusal == "" || !strings.Contains(err.Error(), test.refusal):
				t.Errorf("got %v, want a refusal that mentions %q", err, test.refusal)
			}
		})
	}
}

// A Redis whose durability cannot be verified is accepted only with AllowUnverifiedDurability.
func TestOpenRedisUnverifiedDurability(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.EverySecond), redistest.Lines("rename-command INFO SECRET"))
	if client, err := OpenRedis(t.Context(), redistest.Patient(server.URL())); err == nil {
		_ = client.Close()
		t.Error("accepted without AllowUnverifiedDurability")
	}
	client, err := OpenRedis(t.Context(), redistest.Patient(server.URL()), AllowUnverifiedDurability())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRedisErrorHasNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://user:hush hush@127.0.0.1:1/0", "redis://:hush%zz@127.0.0.1:1", "redis://u:hush@127.0.0.1:1/0"} {
		_, err := OpenRedis(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
