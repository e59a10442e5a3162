package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// RegionVar defines --region. Wherever its value is from, it is changed to lower case, as that of an item: BJ is bj.
func RegionVar(flags *pflag.FlagSet, region *string, usage string) {
	*region = DefaultRegion
	flags.Var((*regionValue)(region), regionFlag, usage)
	Env(flags, regionFlag, "BCE_REGION", "BAIDUCLOUD_REGION")
}

type regionValue string

func (v *regionValue) String() string { return string(*v) }

func (v *regionValue) Set(text string) error {
	*v = regionValue(strings.ToLower(text))
	return nil
}

func (*regionValue) Type() string { return "string" }
