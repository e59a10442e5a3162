package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"havip/bce/bcesim"
)

// program is bcesim, running.
type program struct {
	t    *testing.T
	url  string
	stop context.CancelFunc
	code chan int
	// drained is closed when all of its output was read.
	drained chan struct{}
	mu      sync.Mutex
	stderr  bytes.Buffer
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// start runs the program and waits until it says where it listens.
func start(t *testing.T, variables map[string]string, args ...string) *program {
	t.Helper()
	return launch(t, func(ctx context.Context, stderr io.Writer) int {
		return run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), io.Discard, stderr, environment(variables))
	})
}

// launch runs what serves and waits until it says where it listens.
func launch(t *testing.T, serve func(ctx context.Context, stderr io.Writer) int) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, stop: cancel, code: make(chan int, 1), drained: make(chan struct{})}
	reader, writer := io.Pipe()
	go func() {
		p.code <- serve(ctx, writer)
		_ = writer.Close()
	}()
	found := make(chan string, 1)
	go func() {
		defer close(p.drained)
		lines := bufio.NewScanner(reader)
		for lines.Scan() {
			p.mu.Lock()
			p.stderr.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				found <- at
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-p.drained
	})
	select {
	case p.url = <-found:
	case <-p.drained:
		t.Fatalf("ended without listening:\n%s", p.output())
	}
	return p
}

// wait returns the exit code when all of the output was read.
func (p *program) wait() int {
	code := <-p.code
	<-p.drained
	return code
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// call signs as the documentation says, by hand.
func (p *program) call(method, path, query, body, key, secret string) (int, string) {
	p.t.Helper()
	target := p.url + path
	if query != "" {
		target += "?" + query
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	sum := func(key, text string) string {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(text))
		return hex.EncodeToString(mac.Sum(nil))
	}
	stamp := time.Now().UTC().Format("2006-01-02T15:04:05Z")
	prefix := "bce-auth-v1/" + key + "/" + stamp + "/1800"
	canonical := strings.Join([]string{method, path, query, "host:" + url.QueryEscape(r.Host)}, "\n")
	r.Header.Set("X-Bce-Date", stamp)
	r.Header.Set("Authorization", prefix+"/host/"+sum(sum(secret, prefix), canonical))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (p *program) create(name string) (int, string) {
	p.t.Helper()
	return p.call(http.MethodPost, "/v1/havip", "clientToken="+name,
		`{"name":"`+name+`","subnetId":"sbn-a","privateIpAddress":""}`, "sandbox", "sandbox")
}

func TestServes(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--faults", "create:commit-500=x1", "--log-level", "debug", "--subnet", "sbn-a=10.0.0.0/28@vpc-a", "--strict-subnets")
	if status, body := p.create("a"); status != 500 {
		t.Errorf("first create: %d %s", status, body)
	}
	if status, body := p.create("a"); status != 200 || !strings.Contains(body, "havip-") {
		t.Errorf("second create: %d %s", status, body)
	}
	response, err := http.Get(p.url + bcesim.ControlPrefix + "truth")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var truth bcesim.Truth
	if err := json.NewDecoder(response.Body).Decode(&truth); err != nil || len(truth.HaVIPs) != 1 {
		t.Errorf("truth %+v, %v", truth, err)
	}
	p.stop()
	if code := p.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"BCE_ENDPOINT=" + p.url, "BCE_ACCESS_KEY_ID=sandbox", "BCE_SECRET_ACCESS_KEY=sandbox",
		"Faults in force: create:commit-500=x1", `"fault":"commit-500"`, `"replayed":true`, `"message":"stopped"`,
	} {
		if !strings.Contains(p.output(), want) {
			t.Errorf("no %s in\n%s", want, p.output())
		}
	}
}

func TestKeysFromEnvironment(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"BCE_ACCESS_KEY_ID": "my-key\n", "BCE_SECRET_ACCESS_KEY": "my-secret\r\n"})
	if status, body := p.call(http.MethodGet, "/v1/havip", "", "", "my-key", "my-secret"); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := p.create("a"); status != 403 {
		t.Errorf("sandbox keys still work: %d", status)
	}
	p.stop()
	p.wait()
	if strings.Contains(p.output(), "my-secret") {
		t.Errorf("the secret was printed:\n%s", p.output())
	}
}

func TestFlagsFromEnvironment(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{
		"BCESIM_FAULTS": "create:error-500=x1",
		"BCESIM_SUBNET": "sbn-a=10.0.0.0/30 sbn-b=10.0.1.0/30",
		"BCESIM_LISTEN": "no such address",
	})
	for i, want := range []int{500, 200, 200, 400} {
		if status, body := p.create(string(rune('a' + i))); status != want {
			t.Errorf("create %d: %d %s, want %d", i, status, body, want)
		}
	}
}

// A stalled call does not hold up the end.
func TestStopsDuringAStall(t *testing.T) {
	t.Parallel()
	faults, err := bcesim.ParseFaults("create:stall-after:1h")
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, func(ctx context.Context, stderr io.Writer) int {
		// A drain as long as the stall shows that the one does not wait for the other.
		return report(serve(ctx, config{listen: "127.0.0.1:0", options: bcesim.Options{Faults: faults}, drain: time.Hour}, stderr), stderr)
	})
	done := make(chan int, 1)
	go func() {
		status, _ := p.create("a")
		done <- status
	}()
	for {
		response, err := http.Get(p.url + bcesim.ControlPrefix + "stats")
		if err != nil {
			t.Fatal(err)
		}
		var stats bcesim.Stats
		err = json.NewDecoder(response.Body).Decode(&stats)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if stats.Live == 1 {
			break
		}
	}
	p.stop()
	if code := p.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if status := <-done; status != 200 {
		t.Errorf("the stalled call ended with %d", status)
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args      []string
		variables map[string]string
		want      string
	}{
		{[]string{"serve"}, nil, `"serve"`},
		{[]string{"--no-such-flag"}, nil, "no-such-flag"},
		{[]string{"--faults", "create:comit-500"}, nil, `no such fault "comit-500"`},
		{[]string{"--personality", "x"}, nil, `no such trait "x"`},
		{[]string{"--subnet", "sbn-a"}, nil, "want id=cidr"},
		{[]string{"--rate", "x"}, nil, `"x" is not a number`},
		{[]string{"--rate", "5/x"}, nil, `burst "x"`},
		{[]string{"--rate", "make=5"}, nil, "no such operation"},
		{[]string{"--rate", "0"}, nil, "--rate \"0\": "},
		{[]string{"--rate", "create=-1"}, nil, "--rate \"create=-1\": "},
		{[]string{"--rate", "NaN"}, nil, "--rate \"NaN\": "},
		{[]string{"--rate", "Inf"}, nil, "--rate \"Inf\": "},
		{[]string{"--rate", "1e300"}, nil, "--rate \"1e300\": "},
		{[]string{"--rate", "5/0"}, nil, "--rate \"5/0\": "},
		{[]string{"--quota", "-1"}, nil, "--quota"},
		{[]string{"--call-log", "-1"}, nil, "--call-log"},
		{[]string{"--latency", "-1s"}, nil, "--latency"},
		{[]string{"--retry-after"}, nil, "--rate"},
		{nil, map[string]string{"BCESIM_LATENCY": "-1s"}, `BCESIM_LATENCY "-1s"`},
		{[]string{"--log-level", "loud"}, nil, `"loud"`},
		{nil, map[string]string{"BCESIM_QUOTA": "many"}, `BCESIM_QUOTA "many"`},
	} {
		var stderr bytes.Buffer
		code := run(t.Context(), tt.args, io.Discard, &stderr, environment(tt.variables))
		if code != exitUsage || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit code %d, %s; want %s", tt.args, code, stderr.String(), tt.want)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"--listen", listener.Addr().String()}, io.Discard, &stderr, environment(nil)); code != exitNetwork {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, &stdout, io.Discard, environment(nil)); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"--listen", "BCESIM_LISTEN", "BCESIM_STRICT_SUBNETS", "BCE_ACCESS_KEY_ID", "commit-truncated", "list-lag=DURATION", "expired=new|mismatch", "status.CODE=STATUS", "/_sim/truth",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("help does not say %s", want)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "127.0.0.1:80": "127.0.0.1:80", "[::1]:80": "[::1]:80",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(tcp); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// The first line is for programs; who opens the simulator to the network is told so.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"0.0.0.0":   "listening on http://127.0.0.1:80\nand on all addresses of this machine: 0.0.0.0:80\n\n",
		"127.0.0.1": "listening on http://127.0.0.1:80\n\n",
	} {
		var out strings.Builder
		announce(&out, &net.TCPAddr{IP: net.ParseIP(listen), Port: 80}, config{})
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: got %q", listen, out.String())
		}
	}
}
