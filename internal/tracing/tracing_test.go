package tracing

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// receiver is an OTLP collector.
type receiver struct {
	mu    sync.Mutex
	spans []*otlp.Span
	raw   bytes.Buffer
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var export collector.ExportTraceServiceRequest
	if err != nil || request.URL.Path != "/v1/traces" || proto.Unmarshal(body, &export) != nil {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw.Write(body)
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			r.spans = append(r.spans, scope.GetSpans()...)
		}
	}
}

// named are the spans with a name, in the order in which they ended.
func (r *receiver) named(t *testing.T, name string, n int) []*otlp.Span {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*otlp.Span
	for _, span := range r.spans {
		if span.GetName() == name {
			found = append(found, span)
		}
	}
	if len(found) != n {
		t.Fatalf("%d spans %q, want %d, of %v", len(found), name, n, r.spans)
	}
	return found
}

func attributes(span *otlp.Span) map[string]string {
	all := map[string]string{}
	for _, a := range span.GetAttributes() {
		all[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// runner is a handler of the lane default/bj at a simulator.
type runner struct {
	handler asynq.Handler
	log     bytes.Buffer
}

// newRunner returns a runner, and the producer of its tasks, which are passed to it by hand.
func newRunner(t *testing.T, traces *Tracing, faults string) (*runner, *tasks.Producer, *taken) {
	t.Helper()
	parsed, err := bcesim.ParseFaults(faults)
	must(t, err)
	sim := bcesim.New(bcesim.Options{Faults: parsed})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	client, err := bce.NewClient(bce.Config{Endpoint: server.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, ""))})
	must(t, err)
	records := ledger.New(redistest.Start(t).Client(t))
	r := &runner{}
	lane := tasks.Lane{Account: "default", Region: "bj"}
	r.handler = traces.Handler(lane, tasks.NewHandler(tasks.HandlerConfig{
		Lane: lane, API: traces.API(client), Ledger: records, Worker: "w",
		Logger: traces.Logger(zerolog.New(&r.log)),
	}))
	queue := &taken{}
	return r, tasks.NewProducer(records, queue, nil), queue
}

// TestTraces: an item's trace has what enqueued it, each run of its task and each call, and no secret.
func TestTraces(t *testing.T) { // not parallel: OTLP's settings are the process's
	var r receiver
	server := httptest.NewServer(&r)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	traces, err := Start(t.Context(), "havip-test", getenv(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL}), func(err error) { t.Error(err) })
	must(t, err)
	runner, producer, queue := newRunner(t, traces, "create:commit-500=x1")
	ctx, endCommand := traces.Command(t.Context())
	_, err = producer.Enqueue(ctx, "b", tasks.Item{Key: "k", Account: "default", Region: "bj", Request: tasks.Request{Name: "n", SubnetID: "sbn-1"}})
	must(t, err)
	endCommand("enqueue apply", false)
	var postpone *tasks.Postpone
	if err := runner.handler.ProcessTask(t.Context(), queue.task); !errors.As(err, &postpone) {
		t.Fatalf("the first attempt: %v", err)
	}
	must(t, runner.handler.ProcessTask(t.Context(), queue.task))
	must(t, traces.Stop(t.Context()))

	command, item := r.named(t, "enqueue apply", 1)[0], r.named(t, "enqueue item", 1)[0]
	if len(item.GetLinks()) != 1 || !bytes.Equal(item.GetLinks()[0].GetTraceId(), command.GetTraceId()) || bytes.Equal(item.GetTraceId(), command.GetTraceId()) {
		t.Errorf("the item's trace is not linked to the command: %v", item)
	}
	runs, calls := r.named(t, "process item", 2), r.named(t, "POST /v1/havip", 2)
	for i, run := range runs {
		call := calls[i]
		if !bytes.Equal(run.GetTraceId(), item.GetTraceId()) || !bytes.Equal(run.GetParentSpanId(), item.GetSpanId()) || !bytes.Equal(call.GetParentSpanId(), run.GetSpanId()) {
			t.Errorf("run %d is not in the item's trace: %v, %v", i, run, call)
		}
		if a := attributes(run); a["havip.batch"] != "b" || a["havip.key"] != "k" || a["havip.lane"] != "default/bj" {
			t.Errorf("run %d has %v", i, a)
		}
		if attributes(call)["havip.request_id"] == "" {
			t.Errorf("call %d has no request ID: %v", i, call)
		}
	}
	if calls[0].GetStatus().GetCode() != otlp.Status_STATUS_CODE_ERROR || calls[1].GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("states of the calls: %v, %v", calls[0].GetStatus(), calls[1].GetStatus())
	}
	r.assertNoSecrets(t, tasks.ClientToken("b", "k", 1))
	var line struct {
		TraceID string `json:"trace_id"`
		SpanID  string `json:"span_id"`
	}
	must(t, json.NewDecoder(&runner.log).Decode(&line))
	if line.TraceID != hex.EncodeToString(item.GetTraceId()) || line.SpanID != hex.EncodeToString(runs[0].GetSpanId()) {
		t.Errorf("the log's line is of another trace: %+v", line)
	}
}

func (r *receiver) assertNoSecrets(t *testing.T, more ...string) {
	t.Helper()
	for _, text := range append(more, bcesim.SandboxKey, "bce-auth-v1", "Authorization", "clientToken") {
		if strings.Contains(r.raw.String(), text) {
			t.Errorf("%q is in the traces", text)
		}
	}
	if !strings.Contains(r.raw.String(), "havip.batch") {
		t.Error("the search would find nothing anyway")
	}
}

// Without tracing, nothing is wrapped.
func TestOff(t *testing.T) {
	t.Parallel()
	traces, err := Start(t.Context(), "x", getenv(nil), nil)
	if traces != nil || err != nil {
		t.Fatalf("%v, %v", traces, err)
	}
	handler := &tasks.Handler{}
	client := &bce.Client{}
	if traces.Handler(tasks.Lane{}, handler) != asynq.Handler(handler) || traces.API(client) != tasks.API(client) {
		t.Error("wrapped")
	}
	ctx, end := traces.Command(t.Context())
	end("x", false)
	if ctx != t.Context() || traces.Stop(ctx) != nil {
		t.Error("something was started")
	}
}

// A variable that the SDK cannot read is reported without its value.
func TestValuesOfVariablesAreNotShown(t *testing.T) { // not parallel: OTLP's settings are the process's
	const token = "hush-0123456789"
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", token+",authorization="+token+"%zz,"+token+" x="+token)
	var reports []string
	traces, err := Start(t.Context(), "x", getenv(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}), func(err error) {
		reports = append(reports, err.Error())
	})
	must(t, err)
	must(t, traces.Stop(t.Context()))
	if len(reports) != 3 || strings.Contains(strings.Join(reports, ""), "hush") {
		t.Errorf("want three reports without the token: %q", reports)
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		variables string
		want      bool
		err       bool
	}{
		{"", false, false},
		{"OTEL_TRACES_EXPORTER=otlp", true, false},
		{"OTEL_TRACES_EXPORTER=console", false, true},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://x", false, false},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x", true, false},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://x", true, false},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_SDK_DISABLED=true", false, false},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, true},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", true, false},
	} {
		variables := map[string]string{}
		for pair := range slices.Values(strings.Fields(tt.variables)) {
			name, value, _ := strings.Cut(pair, "=")
			variables[name] = value
		}
		if got, err := Wanted(getenv(variables)); got != tt.want || (err != nil) != tt.err {
			t.Errorf("%s: %t, %v", tt.variables, got, err)
		}
	}
}

func getenv(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// taken is a queue that keeps the last task.
type taken struct{ task *asynq.Task }

func (q *taken) EnqueueContext(_ context.Context, task *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	q.task = task
	return &asynq.TaskInfo{}, nil
}
