//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-items 0":             "-items 0",
		"-items 1000000":       "-items 1000000",
		"-duration 1s":         "-duration 1s",
		"-patience 4m29s":      "at least 4m30s",
		"-max-delay 0":         "at least 32m30s",
		"-workers 0":           "at least one worker",
		"-batches 0":           "at least one worker",
		"-redis memcached":     "-redis memcached",
		"-only-redis -jump 1h": "-jump",
		"-rps -1":              "-rps -1",
		"-personality nervous": "nervous",
		"extra":                "flags only",
		"-nonsense":            "-nonsense",
	} {
		var said strings.Builder
		if code := run(t.Context(), strings.Fields(args), &said, &said); code != exitUsage || !strings.Contains(said.String(), want) {
			t.Errorf("%s: exit code %d, want %d: %s", args, code, exitUsage, said.String())
		}
	}
}

// TestAgain: the line that a run prints is how to run it again.
func TestAgain(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{
		"-items 70 -duration 20s -workers 2 -batches 3 -redis cluster -personality list-lag=3s,scope=path -jump 25h -max-delay 7s -token-max-age 9s",
		"-redis sentinel -only-redis",
	} {
		var said strings.Builder
		s, err := parse(strings.Fields(flags), &said)
		if err != nil || s.seed == 0 || s.rps <= 0 {
			t.Fatalf("%+v, %v, %s", s, err, said.String())
		}
		flags, isCommand := strings.CutPrefix(s.again(), "go run ./test/chaos ")
		if !isCommand {
			t.Errorf("%q is not how chaos is run", s.again())
		}
		again, err := parse(strings.Fields(strings.ReplaceAll(flags, `"`, "")), &said)
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(settings{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", s.again(), err, diff)
		}
	}
}
