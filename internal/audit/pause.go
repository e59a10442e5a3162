package audit

import (
	"context"
	"time"

	"havip/internal/lane"
	"havip/tasks"
)

// pause reports that a user paused the lane.
func (x *examination) pause(ctx context.Context, l tasks.Lane) error {
	pause, err := lane.NewOperator(x.Redis, l.String()).Paused(ctx)
	if err != nil || pause == nil {
		return err
	}
	since := max(0, x.Now().Add(x.redisAhead).Sub(pause.Since)).Round(time.Second)
	return x.report(note(CodePaused, "lane "+l.String(), "%s paused the lane %s ago%s.", textOf(pause.By).shown(), since, because(pause.Message)).
		meaning("Workers start nothing in it; its items are waiting and no attempts are counted.", "When the reason is gone, resume it: `enqueue resume "+l.String()+"`."))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + textOf(reason).shown()
}
