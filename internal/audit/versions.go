package audit

import (
	"context"
	"strings"
)

// versions names all that works together.
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
	return x.tell(note(CodeVersions, "versions", "Redis %s; %s.", redis, x.Versions))
}
