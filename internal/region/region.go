// Package region refuses unknown regions: they are most likely misspelled, and nothing would ever happen in them.
package region

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/internal/spelling"
)

const allowFlag = "allow-unknown-region"

// DefineAllow defines the flag that accepts unknown regions.
func DefineAllow(f *pflag.FlagSet, allow *bool) {
	f.BoolVar(allow, allowFlag, false, "accept a region that Baidu does not document for HaVIPs")
}

// Rule returns the rule that a region breaks if Baidu does not document it for HaVIPs; "" if it does.
func Rule(region string) string {
	if slices.Contains(bce.Regions(), region) {
		return ""
	}
	rule := "is not a known region" + spelling.DidYouMean(region, "", bce.Regions())
	return rule + spelling.Then(rule, "the regions are: "+strings.Join(bce.Regions(), ", ")+"; to use it anyway, pass --"+allowFlag)
}

// Check returns an error about an unknown region, unless it is allowed.
func Check(region string, allow bool) error {
	rule := Rule(region)
	if allow || rule == "" {
		return nil
	}
	return fmt.Errorf("region %q %s", region, rule)
}
