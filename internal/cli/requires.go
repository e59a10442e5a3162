package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// requiresAnnotation marks a flag with the one that it works with.
const requiresAnnotation = "havip_requires"

// Requires makes a flag one that works only with another, and says so in its help. The command line that gives it alone is a
// usage error. Its variable, which other commands read as well, has no effect then.
func Requires(flags *pflag.FlagSet, flag, other string) {
	f := flags.Lookup(flag)
	annotate(f, requiresAnnotation, other)
	f.Usage = "with --" + other + ": " + f.Usage
}

// CheckRequired refuses a command line with a flag but without the one that it works with.
func CheckRequired(cmd *cobra.Command) (err error) {
	flags := cmd.Flags()
	flags.VisitAll(func(f *pflag.Flag) {
		for _, other := range f.Annotations[requiresAnnotation] {
			if o := flags.Lookup(other); err == nil && Given(flags, f.Name) && o.Value.String() == o.DefValue {
				err = Failf(ExitUsage, "--%s can be used only with --%s", f.Name, other)
			}
		}
	})
	return err
}
