package manifest

import (
	"fmt"
	"slices"
	"strings"

	"havip/bce"
	"havip/internal/spelling"
	"havip/tasks"
)

// checker turns records into items and reports what is wrong with their values.
type checker struct {
	region string
	// anyRegion says that a region may be one that is not known; told, that the default one was reported.
	anyRegion, told bool
	report          reporter
	// duplicates is nil in a pass over a file that is known to have none.
	duplicates *duplicates
}

// item is the record as an item with its defaults. The rules that it breaks are reported;
// each problem once, where the user would mend it.
func (c *checker) item(rec *record) tasks.Item {
	it := rec.item().WithDefaults(c.region)
	var bad [columnCount]bool
	for col := range columnCount {
		bad[col] = rec.cells[col].state == faulty
	}
	errs := it.Validate()
	// The name is judged before the key that may have been taken from it.
	bad[columnName] = bad[columnName] || slices.ContainsFunc(errs, func(e tasks.FieldError) bool {
		return e.Field == columnName.String()
	})
	for _, e := range errs {
		c.judge(rec, &bad, e)
	}
	if !c.anyRegion && !bad[columnRegion] && !slices.Contains(bce.Regions(), it.Region) {
		c.unknownRegion(rec, it.Region)
	}
	if c.duplicates != nil {
		c.duplicate(rec, it, &bad)
	}
	return it
}

// judge reports one broken rule, unless the same problem has been reported already.
func (c *checker) judge(rec *record, bad *[columnCount]bool, e tasks.FieldError) {
	col := columnOf(e.Field)
	if col == noColumn { // a field that this package has yet to learn
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
		rule += "; give the row a region, or set a default one"
	}
	c.report.field(rec.where(col), col, e.Value, rule)
}

// unknownRegion reports a region that is likely misspelt; the default one once, and not for each row.
func (c *checker) unknownRegion(rec *record, region string) {
	rule := "is not a region that is known here" + spelling.DidYouMean(region, "", bce.Regions())
	rule += spelling.Then(rule, "the regions are: "+strings.Join(bce.Regions(), ", ")+"; pass --allow-unknown-region to use it all the same")
	if rec.cells[columnRegion].text != "" {
		c.report.field(rec.where(columnRegion), columnRegion, region, rule)
	} else if !c.told {
		c.told = true
		c.report.field(rec.where(columnRegion), columnRegion, region, rule+"; it is the default of rows that name none")
	}
}

// duplicate reports values that stood in the file before. Only sound values are compared:
// two faulty ones are two faults already.
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
			rule += "; the key is the name unless the row has one of its own"
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
