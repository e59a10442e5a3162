package cli

import (
	"cmp"

	"github.com/spf13/pflag"
)

// ruleError says what a flag's value must be.
type ruleError string

func (e ruleError) Error() string { return string(e) }

// AtLeast lets a flag refuse smaller values, wherever they come from. The rule says what the value must be.
func AtLeast[T cmp.Ordered](flags *pflag.FlagSet, flag string, value *T, least T, rule string) {
	f := flags.Lookup(flag)
	if f.DefValue == "0s" {
		f.DefValue = "0" // help does not show it: pflag knows a zero duration only by its own type
	}
	f.Value = &boundedValue{Value: f.Value, check: func() error {
		if *value >= least { // NaN is not
			return nil
		}
		return ruleError(rule)
	}}
}

// boundedValue is a flag's value with a check.
type boundedValue struct {
	pflag.Value

	check func() error
}

// Set keeps the value before if the new one is refused.
func (v *boundedValue) Set(text string) error {
	before := v.String()
	if err := v.Value.Set(text); err != nil {
		return err
	}
	err := v.check()
	if err != nil {
		_ = v.Value.Set(before) // it was accepted before
	}
	return err
}
