package audit

import (
	"context"
	"time"

	"havip/internal/lane"
	"havip/tasks"
)

// pause tells that a person holds the lane back.
func (x *examination) pause(ctx context.Context, l tasks.Lane) error {
	pause, err := lane.NewOperator(x.Redis, l.String()).Paused(ctx)
	if err != nil || pause == nil {
		return err
	}
	since := max(0, x.Now().Add(x.redisAhead).Sub(pause.Since)).Round(time.Second)
	return x.tell(note(CodePaused, "lane "+l.String(), "%s paused the lane %s ago%s.", textOf(pause.By).shown(), since, because(pause.Message)).
		saying("Workers begin nothing in it; its items wait, uncounted.", "Resume it when the reason is gone: `enqueue resume "+l.String()+"`."))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + textOf(reason).shown()
}
