package worker

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
)

// asynqLogger passes asynq's log lines to zerolog. While Redis is unavailable, which is already logged, asynq's errors
// about it are logged at debug level.
type asynqLogger struct {
	log    zerolog.Logger
	outage *outage
}

func (l asynqLogger) Debug(args ...any) { l.log.Debug().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Info(args ...any)  { l.log.Info().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Warn(args ...any)  { l.write(zerolog.WarnLevel, args) }
func (l asynqLogger) Error(args ...any) { l.write(zerolog.ErrorLevel, args) }

// Fatal logs an error and does not end the process, because asynq must not decide that.
func (l asynqLogger) Fatal(args ...any) { l.write(zerolog.ErrorLevel, args) }

func (l asynqLogger) write(level zerolog.Level, args []any) {
	line := fmt.Sprint(args...)
	if ofRedis(line) {
		level = l.outage.level(context.Background(), level)
	}
	l.log.WithLevel(level).Msg(line)
}
