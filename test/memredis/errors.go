package memredis

import "fmt"

// Error is an error that Redis answers.
type Error string

func (e Error) Error() string { return string(e) }

// RedisError makes it a [redis.Error].
func (Error) RedisError() {}

const (
	errWrongType  = Error("WRONGTYPE Operation against a key holding the wrong kind of value")
	errSyntax     = Error("ERR syntax error")
	errNotInteger = Error("ERR value is not an integer or out of range")
	errNotFloat   = Error("ERR value is not a valid float")
	errNoScript   = Error("NOSCRIPT No matching script. Please use EVAL.")
	errExecAbort  = Error("EXECABORT Transaction discarded because of previous errors.")
)

func errorf(format string, args ...any) error {
	return Error(fmt.Sprintf(format, args...))
}
