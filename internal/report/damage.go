package report

import (
	"errors"

	"havip/internal/cli"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
)

// maxDamageShown bounds how many damaged items a command names. All are counted.
const maxDamageShown = 20

// DamageLeftAlone says that a command did not change damaged items: see [Damage.Err].
const DamageLeftAlone = "damaged items were not changed"

// Damage collects the items of a batch that cannot be read. A command continues with the other items, and then fails.
type Damage struct {
	faults []error
	n      int64
}

// Skip reports whether err is about a damaged item, and collects it if so.
func (d *Damage) Skip(err error) bool {
	if !IsDamage(err) {
		return false
	}
	if d.n++; len(d.faults) < maxDamageShown {
		d.faults = append(d.faults, err)
	}
	return true
}

// IsDamage reports whether err is about an item that cannot be read.
func IsDamage(err error) bool {
	var unreadable *ledger.UnreadableError
	return errors.As(err, &unreadable)
}

// Err names the damaged items of a batch and says what to do; done is what the command did to the other items.
// It is nil without damaged items.
func (d *Damage) Err(t *terminal.IO, batch, done string) error {
	if d.n == 0 {
		return nil
	}
	for _, fault := range d.faults[1:] {
		t.Errorf("%s", fault)
	}
	if more := d.n - int64(len(d.faults)); more > 0 {
		t.Errorf("and %s more", words.Number(more))
	}
	return cli.Failf(cli.ExitItemsFailed, "batch %s: %s cannot be read, and %s: %w; %s",
		batch, words.Count(d.n, "item", "items"), done, d.faults[0], RepairText(batch))
}

// RepairText says what to do about damaged items.
func RepairText(batch string) string {
	return "restore its fields in Redis from a backup; `enqueue verify " + shell.Operand(batch) + "` names the HaVIP that it owns"
}

// NewDamage returns n damaged items with the faults of the first ones.
func NewDamage(faults []error, n int64) *Damage { return &Damage{faults: faults, n: n} }
