package tasks

import "context"

// Headers returns the headers of the task of an item, such as its trace; nil for none.
type Headers func(ctx context.Context, batch, key string) map[string]string

type headersKey struct{}

// WithHeaders returns a context with which a [Producer] or a [Dispatcher] enqueues tasks that have headers.
func WithHeaders(ctx context.Context, headers Headers) context.Context {
	return context.WithValue(ctx, headersKey{}, headers)
}

func headersOf(ctx context.Context, t enqueueable) map[string]string {
	headers, ok := ctx.Value(headersKey{}).(Headers)
	if !ok {
		return nil
	}
	return headers(ctx, t.batch, t.key)
}
