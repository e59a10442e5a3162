package main

import (
	"errors"

	"havip/internal/cli"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// maxDamageShown bounds how many damaged items a command names. All are counted.
const maxDamageShown = 20

// damage collects the items of a batch that a command met and could not read. A command goes on with the other items,
// and fails at its end.
type damage struct {
	faults []error
	n      int64
}

// skip reports whether err is about damaged items, and notes it if so.
func (d *damage) skip(err error) bool {
	if !isDamage(err) {
		return false
	}
	if d.n++; len(d.faults) < maxDamageShown {
		d.faults = append(d.faults, err)
	}
	return true
}

func isDamage(err error) bool {
	var unreadable *ledger.UnreadableError
	return errors.As(err, &unreadable)
}

// err names the damaged items of a batch, and says what to do. Done is what the command did to the other items.
func (d *damage) err(a *app, batch, done string) error {
	if d.n == 0 {
		return nil
	}
	for _, fault := range d.faults[1:] {
		a.Errorf("%s", fault)
	}
	if more := d.n - int64(len(d.faults)); more > 0 {
		a.Errorf("and %s more", words.Number(more))
	}
	return cli.Failf(cli.ExitItemsFailed, "batch %s: %s cannot be read, and %s: %w; %s",
		batch, words.Count(d.n, "item", "items"), done, d.faults[0], repairDamage(batch))
}

// repairDamage says what to do about damaged items.
func repairDamage(batch string) string {
	return "restore its fields in Redis from a backup; `enqueue verify " + shell.Quote(batch) + "` names the HaVIP that it owns"
}
