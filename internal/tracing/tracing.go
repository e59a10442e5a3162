// Package tracing sends traces by OTLP over HTTP, if the standard OTEL_ variables ask for it; otherwise it does nothing.
//
// Each item has a trace of its own: it begins when a command enqueues the item's task, which carries it in its headers, and has every
// run of the task, with each call to BCE. The span that enqueues is linked to that of the command. One trace for a whole batch
// would have a span for each attempt of 100,000 items over hours, which no backend shows; and a sampler would take all or none of
// them. A task that a worker makes, in place of one that was lost, begins a new trace.
//
// A span has names, codes and BCE's request ID; never a header, a body, a query or a clientToken.
package tracing

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"havip/internal/version"
)

// Tracing makes and sends spans; nil does nothing.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// propagator writes the W3C's traceparent.
var propagator propagation.TraceContext

// Attributes of spans.
const (
	attrBatch     = attribute.Key("havip.batch")
	attrKey       = attribute.Key("havip.key")
	attrLane      = attribute.Key("havip.lane")
	attrRequestID = attribute.Key("havip.request_id")
	attrCode      = attribute.Key("havip.code")
)

// Wanted reports whether the variables ask for traces: OTEL_TRACES_EXPORTER=otlp, or an endpoint.
func Wanted(getenv func(string) string) (bool, error) {
	exporter := getenv("OTEL_TRACES_EXPORTER")
	switch {
	case getenv("OTEL_SDK_DISABLED") == "true", exporter == "none":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER %q: only otlp and none are supported", exporter)
	case exporter == "" && getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := getenv(name); protocol != "" {
			if protocol != "http/protobuf" {
				return false, fmt.Errorf("%s %q: only http/protobuf is supported", name, protocol)
			}
			break
		}
	}
	return true, nil
}

// Start returns the tracing of a program, or nil if its variables ask for none. The exporter and the SDK read the process's
// environment themselves. A collector that does not answer is reported to failed.
func Start(ctx context.Context, service string, getenv func(string) string, failed func(error)) (*Tracing, error) {
	if wanted, err := Wanted(getenv); err != nil || !wanted {
		return nil, err
	}
	otel.SetLogger(logr.New(sdkLog{failed}))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	attributes := resource.NewSchemaless(
		attribute.String("service.name", service), attribute.String("service.version", version.Read().Version),
	)
	all, err := resource.Merge(attributes, resource.Environment()) // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(all))
	return &Tracing{provider: provider, tracer: provider.Tracer("havip")}, nil
}

// sdkLog reports an OTEL_ variable that the SDK cannot read. The SDK's own log shows the value, which may be a collector's token
// (OTEL_EXPORTER_OTLP_HEADERS) or a URL with a password, and so may its errors.
type sdkLog struct{ failed func(error) }

func (sdkLog) Init(logr.RuntimeInfo) {}

func (sdkLog) Enabled(int) bool { return false }

func (sdkLog) Info(int, string, ...any) {}

func (l sdkLog) Error(_ error, message string, _ ...any) {
	l.failed(fmt.Errorf("the value of an OTEL_ variable cannot be used: %s", message))
}

func (l sdkLog) WithValues(...any) logr.LogSink { return l }

func (l sdkLog) WithName(string) logr.LogSink { return l }

// stopTimeout bounds how long a program waits for its last spans to be sent.
const stopTimeout = 2 * time.Second

// Stop sends the spans that have ended.
func (t *Tracing) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Logger returns a logger that adds the IDs of the context's span to its lines.
func (t *Tracing) Logger(log zerolog.Logger) zerolog.Logger {
	if t == nil {
		return log
	}
	return log.Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		if span := trace.SpanContextFromContext(e.GetCtx()); span.IsValid() {
			e.Str("trace_id", span.TraceID().String()).Str("span_id", span.SpanID().String())
		}
	}))
}
