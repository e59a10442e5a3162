package ledger

import "context"

// RecentEnds returns when the batch's last items ended, newest first. It reads up to limit events, so its cost does not
// depend on the batch's size.
func (l *Ledger) RecentEnds(ctx context.Context, batch string, limit int64) ([]Millis, error) {
	events, err := l.NewestEvents(ctx, batch, "", limit)
	if err != nil {
		return nil, err
	}
	var ends []Millis
	for _, event := range events {
		if event.Key != "" && event.At != 0 && State(event.Kind).Terminal() {
			ends = append(ends, event.At)
		}
	}
	return ends, nil
}
