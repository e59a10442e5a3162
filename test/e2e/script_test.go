package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"havip/test/redistest"
)

// TestScript runs the scripts of testdata/script; see the package comment for their commands.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               setUpScript,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      scriptExits,
			"redis":      scriptRedis,
			"hset":       scriptHSet,
			"bcesim":     scriptSim,
			"worker":     scriptWorker,
			"stopworker": scriptStopWorker,
			"mask":       scriptMask,
			"awaits":     scriptAwaits,
			"octal":      scriptOctal,
			"golden":     scriptGolden,
			"gate":       scriptGate,
			"interrupt":  scriptInterrupt,
		},
	})
}

// scriptTest is the key of a script's testing.TB, scriptWorkers of its running workers.
type (
	scriptTest    struct{}
	scriptWorkers struct{}
)

func setUpScript(env *testscript.Env) error {
	env.Values[scriptTest{}] = env.T()
	env.Values[scriptWorkers{}] = &[]*process{}
	transcript := newTranscript(filepath.Base(env.WorkDir))
	env.Values[scriptTranscript{}] = transcript
	env.Defer(func() { transcript.end(env.T()) })
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		return err
	}
	env.Vars = append(bareEnvironment(env.WorkDir), longRequests,
		"WORK="+env.WorkDir, "EXAMPLES="+examples,
		"BCE_ACCESS_KEY_ID="+accessKey, "BCE_SECRET_ACCESS_KEY="+secretKey)
	return nil
}

func scriptTB(ts *testscript.TestScript) testing.TB {
	return ts.Value(scriptTest{}).(testing.TB) //nolint:forcetypeassert // testscript's T is a *testing.T with another Run
}

// scriptEnv is the script's environment as the programs that it starts get it.
func scriptEnv(ts *testscript.TestScript) []string {
	env := append(bareEnvironment(ts.Getenv("WORK")), longRequests)
	for _, name := range []string{"BCE_ACCESS_KEY_ID", "BCE_SECRET_ACCESS_KEY", "BCE_ENDPOINT", "HAVIP_REDIS_URL", "HAVIP_WEBHOOK_SECRET"} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	transcriptOf(ts).command = strings.Join(args[1:], " ")
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func scriptRedis(ts *testscript.TestScript, _ bool, args []string) {
	options := []redistest.Option{redistest.AppendOnly(redistest.EverySecond), redistest.Lines(args...)}
	ts.Setenv("HAVIP_REDIS_URL", redistest.Start(scriptTB(ts), options...).URL())
}

// scriptHSet writes a field of a hash in the script's Redis, past the programs.
func scriptHSet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: hset KEY FIELD VALUE")
	}
	options, err := redis.ParseURL(ts.Getenv("HAVIP_REDIS_URL"))
	ts.Check(err)
	rdb := redis.NewClient(options)
	ts.Check(rdb.HSet(context.Background(), args[0], args[1], args[2]).Err())
	ts.Check(rdb.Close())
}

func scriptSim(ts *testscript.TestScript, _ bool, args []string) {
	_, url := startSim(scriptTB(ts), scriptEnv(ts), args...)
	ts.Setenv("BCE_ENDPOINT", url)
}

func scriptWorker(ts *testscript.TestScript, _ bool, args []string) {
	p := start(scriptTB(ts), command{program: "worker", args: append([]string{"--rps", "0"}, args...), env: scriptEnv(ts), dir: ts.Getenv("WORK")})
	if err := p.seek(sayReady, patience); err != nil {
		ts.Fatalf("worker is not ready: %v\n%s", err, p.stderr)
	}
	if match := healthAddress.FindStringSubmatch(p.stderr.String()); match != nil {
		ts.Setenv("WORKER_ADDRESS", match[1])
	}
	workers := scriptRunning(ts)
	*workers = append(*workers, p)
}

var healthAddress = regexp.MustCompile(`"address":"([^"]+)"`)

func scriptRunning(ts *testscript.TestScript) *[]*process {
	return ts.Value(scriptWorkers{}).(*[]*process) //nolint:forcetypeassert // set by setUpScript
}

func scriptStopWorker(ts *testscript.TestScript, _ bool, _ []string) {
	workers := scriptRunning(ts)
	if len(*workers) == 0 {
		ts.Fatalf("no worker runs")
	}
	p := (*workers)[len(*workers)-1]
	*workers = (*workers)[:len(*workers)-1]
	p.signal(syscall.SIGTERM)
	if code := p.wait(scriptTB(ts)); code != 0 {
		ts.Fatalf("worker: exit code %d\n%s", code, p.stderr)
	}
	write(ts, ts.Stdout(), p.stdout.String())
	write(ts, ts.Stderr(), p.stderr.String())
}

// scriptAwaits runs a program until what it says matches. A round of the reconciler takes some seconds.
func scriptAwaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: awaits PATTERN PROGRAM ARGS…")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	transcriptOf(ts).command = strings.Join(args[1:], " ")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if pattern.MatchString(ts.ReadFile("stdout") + ts.ReadFile("stderr")) {
			return
		}
	}
	ts.Fatalf("%v does not say %s within %s", args[1:], args[0], patience)
}

// scriptInterrupt runs a program until it says a text on stderr, and then interrupts it as Ctrl-C does.
func scriptInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt TEXT PROGRAM ARGS…")
	}
	transcriptOf(ts).command = strings.Join(args[1:], " ")
	p := start(scriptTB(ts), command{program: args[1], args: args[2:], env: scriptEnv(ts), dir: ts.Getenv("WORK")})
	if err := p.seek(args[0], patience); err != nil {
		ts.Fatalf("waiting for %q on stderr: %v\n%s", args[0], err, p.stderr)
	}
	p.signal(os.Interrupt)
	if code := p.wait(scriptTB(ts)); code != 130 {
		ts.Fatalf("exit code %d, want 130\n%s", code, p.stderr)
	}
	write(ts, ts.Stdout(), p.stdout.String())
	write(ts, ts.Stderr(), p.stderr.String())
}

// scriptGate waits until N calls wait at the simulator's gate; `gate open` lets them go on.
func scriptGate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gate N, or gate open")
	}
	sim := simulator{ts.Getenv("BCE_ENDPOINT")}
	if args[0] == "open" {
		ts.Check(sim.openGate())
		return
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(sim.awaitGate(n))
}

func scriptMask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mask FILE")
	}
	text := ts.ReadFile(args[0])
	for _, v := range variable {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	write(ts, ts.Stdout(), text)
}

func scriptOctal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: octal FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func write(ts *testscript.TestScript, w interface{ Write(p []byte) (int, error) }, text string) {
	_, err := w.Write([]byte(text))
	ts.Check(err)
}
