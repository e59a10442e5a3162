package version

import (
	"runtime/debug"
	"testing"
)

func TestInfo(t *testing.T) {
	t.Parallel()
	whole := &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
		Deps: []*debug.Module{{Path: "github.com/hibiken/asynq", Version: "v0.26.0"}},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"}, {Key: "vcs.time", Value: "2026-03-01T12:00:00Z"},
		},
	}
	if got, want := of(whole).String(), "v1.2.3, commit 0123456789ab with changes, asynq v0.26.0, go1.26.8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := of(whole).Committed; got.Year() != 2026 {
		t.Errorf("committed: got %s", got)
	}
	for want, build := range map[string]*debug.BuildInfo{
		"of an unknown version": {},
		"(devel), go1.26.8":     {GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}},
		"v1.0.0, commit abc":    {Main: debug.Module{Version: "v1.0.0"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}},
	} {
		if got := of(build).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if Read().Go == "" {
		t.Error("this test does not know by which Go it was built")
	}
}
