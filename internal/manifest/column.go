package manifest

import (
	"fmt"
	"slices"
	"strings"

	"havip/internal/spelling"
)

// column is one field of an item, in the contract's order.
type column int

const (
	columnKey column = iota
	columnName
	columnSubnetID
	columnPrivateIPAddress
	columnDescription
	columnAccount
	columnRegion
	columnClientToken
	columnCount
	// noColumn means an unknown field.
	noColumn column = -1
)

var columnNames = [columnCount]string{
	"key", "name", "subnetId", "privateIpAddress", "description", "account", "region", "clientToken",
}

// String is the column's name in the contract.
func (c column) String() string { return columnNames[c] }

// columnOf finds a column by its exact name. If it accepted other spellings, a new column could change the meaning of
// a file.
func columnOf(name string) column {
	return column(slices.Index(columnNames[:], name)) // -1 is noColumn
}

// unknown returns the rule for a field with an unknown name; noun is the format's word for a field.
func unknown(noun, name string) string {
	all := strings.Join(columnNames[:], ", ")
	if c := nearest(name); c != noColumn {
		return fmt.Sprintf("unknown %s %s; did you mean %q? The %ss are: %s", noun, quote(name), c, noun, all)
	}
	return fmt.Sprintf("unknown %s %s; the %ss are: %s", noun, quote(name), noun, all)
}

// nearest returns the column that a misspelled name most likely means, or noColumn.
func nearest(name string) column {
	known, _ := spelling.Nearest(name, columnNames[:])
	return columnOf(known)
}

// sameButSpelling reports whether name is a column's name except for case, space, - and _.
func sameButSpelling(name string) bool {
	return slices.ContainsFunc(columnNames[:], func(known string) bool { return spelling.Same(known, name) })
}
