package cli

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// program is a command with a flag of every kind, run with arguments and an environment.
func program(t *testing.T, environment map[string]string, args ...string) (rps float64, lanes []string, redis string, err error) {
	t.Helper()
	getenv := func(name string) string { return environment[name] }
	root := &cobra.Command{
		Use: "p", SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return ApplyEnvironment(cmd, getenv) },
	}
	root.PersistentFlags().StringVar(&redis, "redis", "default", "where")
	Env(root.PersistentFlags(), "redis", "HAVIP_REDIS_URL", "OTHER_URL")
	sub := &cobra.Command{Use: "s", RunE: func(*cobra.Command, []string) error { return nil }}
	sub.Flags().Float64Var(&rps, "rps", 5, "rate")
	sub.Flags().StringSliceVar(&lanes, "lane", nil, "lanes")
	root.AddCommand(sub)
	FlagEnvironment(root, "HAVIP")
	root.SetArgs(append([]string{"s"}, args...))
	err = root.ExecuteContext(t.Context())
	return rps, lanes, redis, err
}

func TestEnvironmentSetsFlags(t *testing.T) {
	t.Parallel()
	rps, lanes, redis, err := program(t, map[string]string{"HAVIP_RPS": "2.5", "HAVIP_LANE": "a/bj,b/gz", "OTHER_URL": "u"})
	if err != nil || rps != 2.5 || !cmp.Equal(lanes, []string{"a/bj", "b/gz"}) || redis != "u" {
		t.Errorf("got %v %v %q, %v", rps, lanes, redis, err)
	}
	rps, _, redis, err = program(t, map[string]string{"HAVIP_RPS": "2.5", "HAVIP_REDIS_URL": "first", "OTHER_URL": "second"}, "--rps", "7")
	if err != nil || rps != 7 || redis != "first" {
		t.Errorf("the command line wins, then the first variable: got %v %q, %v", rps, redis, err)
	}
	rps, lanes, redis, err = program(t, nil)
	if err != nil || rps != 5 || lanes != nil || redis != "default" {
		t.Errorf("defaults: got %v %v %q, %v", rps, lanes, redis, err)
	}
}

func TestEnvironmentErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	_, _, _, err := program(t, map[string]string{"HAVIP_RPS": "fast"})
	if CodeOf(err) != ExitConfig || !strings.Contains(err.Error(), `HAVIP_RPS="fast"`) {
		t.Errorf("got %v (exit code %d)", err, CodeOf(err))
	}
}

// All values that flags refuse are reported, and the other flags are set.
func TestSeveralRefusedVariables(t *testing.T) {
	t.Parallel()
	var written strings.Builder
	var rps float64
	var limit int
	root := &cobra.Command{Use: "p", RunE: func(*cobra.Command, []string) error { t.Error("runs"); return nil }}
	root.Flags().Float64Var(&rps, "rps", 5, "rate")
	root.Flags().IntVar(&limit, "limit", 3, "limit")
	root.Flags().Bool("quiet", false, "quiet")
	environment := map[string]string{"HAVIP_RPS": "fast", "HAVIP_LIMIT": "x", "HAVIP_QUIET": "true"}
	Program(root, "HAVIP", func(name string) string { return environment[name] })
	root.SetArgs(nil)
	root.SetErr(&written)
	err := root.ExecuteContext(t.Context())
	if CodeOf(err) != ExitConfig || rps != 5 || limit != 3 || root.Flags().Lookup("quiet").Value.String() != "true" {
		t.Errorf("%v; rps %v, limit %d", err, rps, limit)
	}
	for _, fact := range []string{`HAVIP_RPS="fast"`, `HAVIP_LIMIT="x"`} {
		if strings.Count(written.String(), fact) != 1 {
			t.Errorf("%s is not in %s", fact, written.String())
		}
	}
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want ExitCode
	}{
		"nothing":  {nil, ExitOK},
		"known":    {Failf(ExitPending, "later"), ExitPending},
		"unknown":  {errors.New("dial tcp"), ExitNetwork},
		"canceled": {t.Context().Err(), ExitOK},
	} {
		if got := CodeOf(test.err); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestLoggerRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	for _, words := range [][2]string{{"xml", "info"}, {"json", "loud"}, {"json", ""}} {
		if _, err := Logger(&strings.Builder{}, words[0], words[1], none); CodeOf(err) != ExitUsage {
			t.Errorf("%v: got %v", words, err)
		}
	}
	var out strings.Builder
	log, err := Logger(&out, "auto", "warn", none)
	if err != nil {
		t.Fatal(err)
	}
	log.Info().Msg("no")
	log.Warn().Msg("yes")
	if !strings.HasPrefix(out.String(), `{"level":"warn","time":"`) || strings.Contains(out.String(), "no") {
		t.Errorf("got %s", out.String())
	}
}

// A log that cannot be written is dropped, and nothing is written about that.
func TestUnwritableLog(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	_ = reader.Close() // the pipe is new
	for _, format := range []string{"json", "console"} {
		log, err := Logger(writer, format, "info", func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		log.Info().Msg("lost")
	}
	if n, err := (lossy{writer}).Write([]byte("lost")); n != 4 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
