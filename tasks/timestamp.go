package tasks

import (
	"fmt"
	"time"

	"havip/ledger"
)

// milliseconds is RFC 3339 with a fraction of fixed length, so that timestamps sort as text.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// Timestamp is a time of the ledger's clock, in UTC. As text and in JSON it is RFC 3339 with milliseconds, such as
// 2026-11-24T08:49:49.462Z; the zero time is "".
type Timestamp struct{ time.Time }

// TimestampOf converts a time of the ledger.
func TimestampOf(m ledger.Millis) Timestamp { return Timestamp{m.Time()} }

// String returns the text form.
func (t Timestamp) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(milliseconds)
}

// MarshalJSON writes the text form.
func (t Timestamp) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalJSON reads what [Timestamp.MarshalJSON] writes.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null": // changes nothing, by the convention of encoding/json
		return nil
	case `""`:
		*t = Timestamp{}
		return nil
	}
	moment, err := time.Parse(`"`+time.RFC3339+`"`, string(data))
	if err != nil {
		return fmt.Errorf("timestamp %s: must be RFC 3339, such as \"2026-11-24T08:49:49.462Z\"", data)
	}
	*t = Timestamp{moment.UTC()}
	return nil
}
