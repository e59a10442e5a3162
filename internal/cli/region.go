package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"havip/tasks"
)

// RegionVar defines --region. Wherever its value is from, it is changed to lower case, as that of an item: BJ is bj.
func RegionVar(flags *pflag.FlagSet, region *string, usage string) {
	*region = DefaultRegion
	flags.Var((*regionValue)(region), regionFlag, usage)
	Env(flags, regionFlag, "BCE_REGION", "BAIDUCLOUD_REGION")
}

type regionValue string

func (v *regionValue) String() string { return string(*v) }

// Set refuses a text that no region can have: otherwise each row without a region would be reported.
func (v *regionValue) Set(text string) error {
	if _, err := tasks.ParseLane(tasks.Lane{Account: tasks.DefaultAccount, Region: text}.String()); err != nil {
		return ruleError("must be a region's name, such as bj, without spaces")
	}
	*v = regionValue(strings.ToLower(text))
	return nil
}

func (*regionValue) Type() string { return "string" }
