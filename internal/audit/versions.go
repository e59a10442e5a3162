package audit

import (
	"context"
	"strings"
)

// versions reports the versions of this program, asynq and Redis.
func (x *examination) versions(ctx context.Context) error {
	info, err := x.Redis.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	redis := "of an unknown version"
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			redis = version
		}
	}
	return x.report(note(CodeVersions, "versions", "Redis %s; %s.", redis, x.Versions))
}
