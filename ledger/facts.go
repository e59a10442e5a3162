package ledger

import (
	"errors"
	"fmt"
	"strconv"
)

// batchFields are the fields that are read of a batch's hash, which may have any number of others.
var batchFields = func() []string {
	fields := []string{
		"file", "by", "plan", "maxFailures", "createdAt", "updatedAt", "forgottenGeneration", "committedAt", "completedAt", "total", "forgiven",
		"pause", "unconfirmed", "completions", "onComplete", "pendingNotifications", "failedNotification", "forgottenAt", "forgottenBy", "forgottenWhy",
		"archived",
	}
	for _, state := range States() {
		fields = append(fields, countOf(state))
	}
	return fields
}()

// countOf returns the field that counts the items in a state.
func countOf(state State) string { return "n:" + string(state) }

// factsOf returns the values of [batchFields], by field.
func factsOf(values []any) map[string]string {
	facts := make(map[string]string, len(values))
	for i, value := range values {
		if text, ok := value.(string); ok {
			facts[batchFields[i]] = text
		}
	}
	return facts
}

// maxNotifications bounds the pending notifications that are read of a batch. The scripts keep 20.
const maxNotifications = 100

// factDecoder reads the facts of a batch. It leaves out unreadable ones and keeps the first fault.
type factDecoder struct {
	facts map[string]string
	fault error
}

func (d *factDecoder) fail(field string, err error) {
	if d.fault == nil {
		d.fault = fmt.Errorf("field %s: %w", field, err)
	}
}

func (d *factDecoder) text(field string) string {
	text := d.facts[field]
	if len(text) > maxText {
		d.fail(field, errTooLong)
		return ""
	}
	return text
}

func (d *factDecoder) number(field string, lowest, highest int64) int64 {
	text := d.facts[field]
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < lowest || n > highest {
		d.fail(field, fmt.Errorf("%.40q is not a number from %d to %d", text, lowest, highest))
		return 0
	}
	return n
}

// count may be below zero: a failover can lose an increment and keep the decrement.
func (d *factDecoder) count(field string) int64 { return d.number(field, -maxCount, maxCount) }

func (d *factDecoder) moment(field string) Millis {
	return Millis(d.number(field, 0, int64(maxMoment)))
}

// decode reads a fact that is JSON, and reports whether there is one.
func (d *factDecoder) decode(field string, into any) bool {
	text := d.facts[field]
	if text == "" {
		return false
	}
	if err := unmarshal(text, into); err != nil {
		d.fail(field, err)
		return false
	}
	return true
}

// pause is nil for none. An unreadable one pauses the batch as well, because the scripts check only whether it exists.
func (d *factDecoder) pause() *Pause {
	if d.facts["pause"] == "" {
		return nil
	}
	var p Pause
	d.decode("pause", &p)
	if err := validateMoments(p.At); err != nil {
		d.fail("pause", err)
		p.At = 0
	}
	return &p
}

func (d *factDecoder) pendingNotifications() []Notification {
	var notifications []Notification
	if !d.decode("pendingNotifications", &notifications) {
		return nil
	}
	err := error(nil)
	if len(notifications) > maxNotifications {
		err = fmt.Errorf("%d notifications are more than %d", len(notifications), maxNotifications)
	}
	for _, n := range notifications[:min(len(notifications), maxNotifications)] {
		err = errors.Join(err, validateNotification(n))
	}
	if err != nil {
		d.fail("pendingNotifications", err)
		return nil
	}
	return notifications
}

func (d *factDecoder) failedNotification() *Notification {
	var n *Notification
	if !d.decode("failedNotification", &n) || n == nil {
		return nil
	}
	if err := validateNotification(*n); err != nil {
		d.fail("failedNotification", err)
		return nil
	}
	return n
}

func validateNotification(n Notification) error {
	v := &validation{err: validateMoments(n.CompletedAt, n.FirstTriedAt, n.LastTriedAt)}
	v.within("completion", n.Completion, 1, maxCount)
	v.count("attempts", n.Attempts)
	v.within("total", n.Total, -maxCount, maxCount)
	return v.err
}

func validateMoments(moments ...Millis) error {
	v := &validation{}
	for _, m := range moments {
		v.moment("time", m)
	}
	return v.err
}
