package manifest

import (
	"fmt"
	"slices"

	"havip/internal/region"
	"havip/tasks"
)

// checker converts records to items and reports invalid values.
type checker struct {
	region string
	// anyRegion accepts unknown regions.
	anyRegion bool
	report    reporter
	// duplicates is nil for a file that is known to have none.
	duplicates *duplicates
}

// item converts the record to an item with its defaults. It reports the rules that the item breaks, each problem once,
// at the field where the user would fix it.
func (c *checker) item(rec *record) tasks.Item {
	it := rec.item().WithDefaults(c.region)
	var bad [columnCount]bool
	for col := range columnCount {
		bad[col] = rec.cells[col].state == faulty
	}
	errs := it.Validate()
	// The name is validated before the key, which defaults to it.
	bad[columnName] = bad[columnName] || slices.ContainsFunc(errs, func(e tasks.FieldError) bool {
		return e.Field == columnName.String()
	})
	for _, e := range errs {
		c.reportOnce(rec, &bad, e)
	}
	if rule := region.Rule(it.Region); !c.anyRegion && !bad[columnRegion] && rule != "" {
		c.report.field(rec.where(columnRegion), columnRegion, it.Region, rule)
	}
	if c.duplicates != nil {
		c.duplicate(rec, it, &bad)
	}
	return it
}

// reportOnce reports a broken rule, unless the same problem was reported already.
func (c *checker) reportOnce(rec *record, bad *[columnCount]bool, e tasks.FieldError) {
	col := columnOf(e.Field)
	if col == noColumn { // a field that this package does not know yet
		c.report.at(rec.at, e.Error())
		return
	}
	reported := rec.cells[col].state == faulty ||
		col == columnKey && rec.keyFromName() && bad[columnName]
	bad[col] = true
	if reported {
		return
	}
	rule := e.Rule
	if col == columnRegion && e.Value == "" {
		rule += "; give the row a region, or pass --region"
	}
	c.report.field(rec.where(col), col, e.Value, rule)
}

// duplicate reports values that occurred in the file before. It compares only valid values, because invalid ones
// are reported already.
func (c *checker) duplicate(rec *record, it tasks.Item, bad *[columnCount]bool) {
	once := func(seen *firsts, col column, value, shown, rule string) {
		if value == "" {
			return
		}
		if line := seen.see(value, rec.at.line); line > 0 {
			c.report.field(rec.where(col), col, shown, fmt.Sprintf(rule, line))
		}
	}
	if !bad[columnKey] && (!bad[columnName] || !rec.keyFromName()) {
		rule := "same key as line %d"
		if rec.keyFromName() {
			rule += "; the key defaults to the name"
		}
		once(c.duplicates.keys, columnKey, it.Key, it.Key, rule)
	}
	if ip := it.Request.PrivateIPAddress; ip != "" && !bad[columnSubnetID] && !bad[columnPrivateIPAddress] {
		once(c.duplicates.addresses, columnPrivateIPAddress, it.Request.SubnetID+" "+ip, ip, "same address in the same subnet as line %d")
	}
	if !bad[columnClientToken] {
		once(c.duplicates.tokens, columnClientToken, it.ClientToken, it.ClientToken, "same clientToken as line %d")
	}
}
