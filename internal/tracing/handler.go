package tracing

import (
	"context"
	"errors"
	"net/http"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"havip/bce"
	"havip/tasks"
)

// Handler returns a handler that traces each run of a task of the lane, in the trace that the task carries.
func (t *Tracing) Handler(lane tasks.Lane, next asynq.Handler) asynq.Handler {
	if t == nil {
		return next
	}
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		ctx = propagator.Extract(ctx, propagation.MapCarrier(task.Headers()))
		ctx, span := t.tracer.Start(ctx, "process item", trace.WithSpanKind(trace.SpanKindConsumer))
		defer span.End()
		if payload, err := tasks.DecodePayload(task.Payload()); err == nil {
			span.SetAttributes(attrBatch.String(payload.Batch), attrKey.String(payload.Key), attrLane.String(lane.String()))
		}
		err := next.ProcessTask(ctx, task)
		var postpone *tasks.Postpone
		switch {
		case errors.As(err, &postpone):
			span.SetAttributes(attribute.Float64("havip.retry_after_seconds", postpone.After.Seconds()))
		case err != nil:
			span.SetStatus(codes.Error, "")
		}
		return err
	})
}

// api traces the calls of attempts. Listings serve many items, and belong to no trace.
type api struct {
	*bce.Client
	tracer trace.Tracer
}

// API returns the client, with a span for each create, read and delete of a HaVIP.
func (t *Tracing) API(client *bce.Client) tasks.API {
	if t == nil {
		return client
	}
	return api{client, t.tracer}
}

// CreateHaVIPBody is [bce.Client.CreateHaVIPBody].
func (a api) CreateHaVIPBody(ctx context.Context, clientToken string, body []byte) (*bce.CreateHaVIPOutput, error) {
	ctx, span := a.start(ctx, http.MethodPost)
	out, err := a.Client.CreateHaVIPBody(ctx, clientToken, body)
	var meta bce.ResponseMeta
	if err == nil {
		meta = out.ResponseMeta
	}
	end(span, meta, err)
	return out, err
}

// GetHaVIP is [bce.Client.GetHaVIP].
func (a api) GetHaVIP(ctx context.Context, haVIPID string) (*bce.GetHaVIPOutput, error) {
	ctx, span := a.start(ctx, http.MethodGet)
	out, err := a.Client.GetHaVIP(ctx, haVIPID)
	var meta bce.ResponseMeta
	if err == nil {
		meta = out.ResponseMeta
	}
	end(span, meta, err)
	return out, err
}

// DeleteHaVIP is [bce.Client.DeleteHaVIP].
func (a api) DeleteHaVIP(ctx context.Context, haVIPID, clientToken string) (bce.ResponseMeta, error) {
	ctx, span := a.start(ctx, http.MethodDelete)
	meta, err := a.Client.DeleteHaVIP(ctx, haVIPID, clientToken)
	end(span, meta, err)
	return meta, err
}

func (a api) start(ctx context.Context, method string) (context.Context, trace.Span) {
	return a.tracer.Start(ctx, method+" /v1/havip", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("server.address", a.Endpoint()),
	))
}

// end ends the span of a call. BCE's message is left out, because it may quote anything.
func end(span trace.Span, meta bce.ResponseMeta, err error) {
	defer span.End()
	status, requestID := meta.StatusCode, meta.RequestID
	var refused *bce.Error
	if errors.As(err, &refused) {
		status, requestID = refused.StatusCode, refused.RequestID
		span.SetAttributes(attrCode.String(refused.Code))
	}
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	if status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
	}
	if requestID != "" {
		span.SetAttributes(attrRequestID.String(requestID))
	}
}
