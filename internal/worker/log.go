package worker

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
)

// asynqLogger gives asynq's own lines to zerolog. What asynq repeats for as long as Redis is away is logged at debug level: that
// Redis is away has been logged.
type asynqLogger struct {
	log    zerolog.Logger
	outage *outage
}

func (l asynqLogger) Debug(args ...any) { l.log.Debug().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Info(args ...any)  { l.log.Info().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Warn(args ...any)  { l.write(zerolog.WarnLevel, args) }
func (l asynqLogger) Error(args ...any) { l.write(zerolog.ErrorLevel, args) }

// Fatal logs as an error and lets the process live: whether to end is not asynq's to decide.
func (l asynqLogger) Fatal(args ...any) { l.write(zerolog.ErrorLevel, args) }

func (l asynqLogger) write(level zerolog.Level, args []any) {
	line := fmt.Sprint(args...)
	if ofRedis(line) {
		level = l.outage.level(context.Background(), level)
	}
	l.log.WithLevel(level).Msg(line)
}
