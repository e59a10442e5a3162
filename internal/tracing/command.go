package tracing

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"havip/tasks"
)

// Command begins the span of a command, and has the tasks that are enqueued with ctx carry their items' traces. The caller ends
// it, with what was run.
func (t *Tracing) Command(ctx context.Context) (_ context.Context, end func(name string, failed bool)) {
	if t == nil {
		return ctx, func(string, bool) {}
	}
	ctx, span := t.tracer.Start(ctx, "enqueue")
	end = func(name string, failed bool) {
		span.SetName(name)
		if failed { // the reason may have anything in it
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
	return tasks.WithHeaders(ctx, t.headers), end
}

// headers begins the trace of an item.
func (t *Tracing) headers(ctx context.Context, batch, key string) map[string]string {
	ctx, span := t.tracer.Start(ctx, "enqueue item", trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)),
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(attrBatch.String(batch), attrKey.String(key)))
	defer span.End()
	headers := propagation.MapCarrier{}
	propagator.Inject(ctx, headers)
	return headers
}
