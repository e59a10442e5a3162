package memredis

import (
	"reflect"
	"unsafe"

	"github.com/redis/go-redis/v9"
)

// install puts the base in the place of the client's connections.
//
// go-redis offers hooks only in front of others: what is added later would be behind, and never be called. So
// this reaches for the functions behind all hooks, which are not exported. It panics where another version of
// go-redis has them elsewhere.
func (b *base) install(client *redis.Client) {
	state := reflect.ValueOf(client).Elem().FieldByName("hooksMixin").FieldByName("state").Elem()
	kind := state.Type().Field(0).Type.Elem().Elem() // atomic.Pointer[T] begins with a field of type [0]*T
	initial := reflect.NewAt(kind, state.FieldByName("v").UnsafePointer()).Elem().FieldByName("initial")
	for name, f := range map[string]any{
		"process":    redis.ProcessHook(b.process),
		"pipeline":   redis.ProcessPipelineHook(b.pipeline),
		"txPipeline": redis.ProcessPipelineHook(b.pipeline),
		"dial":       redis.DialHook(dial),
	} {
		field := initial.FieldByName(name)
		reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(f)) //nolint:gosec // see above
	}
	client.AddHook(rebuild{})
}

// rebuild is a hook that does nothing: adding one has the client take its functions up.
type rebuild struct{}

func (rebuild) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (rebuild) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (rebuild) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
