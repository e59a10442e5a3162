package console

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	// liveEvery is how often a page that updates itself is made again, counted from when it was last sent.
	liveEvery = 2 * time.Second
	// liveWrite limits the sending of one update.
	liveWrite = 10 * time.Second
)

// follow sends the page whenever it has changed, as server-sent events, until the browser or the process has gone.
func (c *console) follow(ctx context.Context, w http.ResponseWriter, v *visit, show page) {
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		http.Error(w, "too many pages update themselves", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)() //nolint:contextcheck // the end of the process ends the stream as well
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	next := time.NewTimer(0)
	defer next.Stop()
	for last := []byte(nil); ; next.Reset(liveEvery) {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		body, status := c.render(ctx, v, show)
		event := asEvent(body)
		if status != http.StatusOK || bytes.Equal(body, last) {
			event = []byte(": unchanged\n\n")
		} else {
			last = body
		}
		if send(w, stream, event) != nil {
			return
		}
	}
}

func send(w http.ResponseWriter, stream *http.ResponseController, event []byte) error {
	if err := stream.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return fmt.Errorf("deadline of an update: %w", err)
	}
	if _, err := w.Write(event); err != nil {
		return err
	}
	return stream.Flush()
}

// asEvent is a page as one server-sent event.
func asEvent(body []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(body) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r\n"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}
