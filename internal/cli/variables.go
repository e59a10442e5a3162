package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/bce"
	"havip/internal/spelling"
)

// ProgramVariables are the variables of all programs of this project, sorted, without those of [bce.Variables]. Programs
// may share an environment, so each accepts the others' variables. Each program's tests check that its own are here.
var ProgramVariables = []string{
	"HAVIP_ACCOUNT", "HAVIP_ALLOW_DUPLICATES", "HAVIP_ALLOW_OTHER_ACCOUNT", "HAVIP_ALLOW_PLAIN_HTTP", "HAVIP_ALLOW_RUNNING",
	"HAVIP_ALLOW_UNKNOWN_REGION",
	"HAVIP_ALLOW_UNVERIFIED_DURABILITY", "HAVIP_ALLOW_VOLATILE", "HAVIP_ARCHIVE", "HAVIP_ARCHIVED", "HAVIP_ATTEMPTS", "HAVIP_BATCH", "HAVIP_BY",
	"HAVIP_CLIENT_TOKEN", "HAVIP_COLOR", "HAVIP_COLUMNS", "HAVIP_CONCURRENCY", "HAVIP_CONFIG", "HAVIP_CONFIRM_WITHIN",
	"HAVIP_CONSOLE_ACTOR", "HAVIP_CONSOLE_TOKENS", "HAVIP_CONSOLE_TOKEN_FILE", "HAVIP_CONSOLE_TRUSTED_PROXY", "HAVIP_CONSOLE_USER_HEADER",
	"HAVIP_CSV_SAFE", "HAVIP_DESCRIPTION",
	"HAVIP_DETAILED_EXITCODE", "HAVIP_DIR", "HAVIP_DRAIN_DELAY", "HAVIP_DRY_RUN", "HAVIP_EVENT", "HAVIP_EXIT_STATUS", "HAVIP_FAIL_ON", "HAVIP_FAULTS", "HAVIP_FIX",
	"HAVIP_FOLLOW", "HAVIP_FORMAT", "HAVIP_GRACE", "HAVIP_INCOMPLETE", "HAVIP_IP", "HAVIP_JQ", "HAVIP_JSON", "HAVIP_KEY",
	"HAVIP_LANE", "HAVIP_LIMIT", "HAVIP_LISTEN", "HAVIP_LIVE", "HAVIP_LOG_FORMAT", "HAVIP_LOG_LEVEL", "HAVIP_MAX_DELAY",
	"HAVIP_MAX_FAILURES", "HAVIP_NAME", "HAVIP_NO_PAGER", "HAVIP_OLDER_THAN", "HAVIP_ON_COMPLETE", "HAVIP_OUT", "HAVIP_OUTPUT", "HAVIP_PAGER", "HAVIP_PPROF", "HAVIP_PRIORITY", "HAVIP_QUIET",
	"HAVIP_REASON", "HAVIP_REDIS_URL", "HAVIP_REDIS_WAIT", "HAVIP_REQUEST_TIMEOUT", "HAVIP_RESUME", "HAVIP_RPS", "HAVIP_SANDBOX",
	"HAVIP_SINCE", "HAVIP_SORT", "HAVIP_SPOOL_DIR", "HAVIP_STALE_AFTER", "HAVIP_STATE", "HAVIP_STATE_DIR", "HAVIP_SUBNET", "HAVIP_TEMPLATE", "HAVIP_TIMEOUT",
	"HAVIP_TOKEN_MAX_AGE", "HAVIP_UTC", "HAVIP_WAIT", "HAVIP_WEBHOOK_HOST", "HAVIP_WEBHOOK_SECRET",
	"HAVIP_WEBHOOK_SECRET_FILE", "HAVIP_WHERE", "HAVIP_YES",
}

// prefixes are those of our variables.
var prefixes = []string{"HAVIP_", "BCE_"}

// notOurs matches variables of other origin: Kubernetes sets some for a service called havip-…, and the command of
// --on-complete gets some.
var notOurs = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_.+)?$|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)(_.+)?$|^HAVIP_COMPLETED_`)

// warnOfUnknown warns about variables that look like ours but that no program reads.
func warnOfUnknown(w io.Writer, root *cobra.Command, getenv Getenv) {
	var names []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if getenv(name) != "" { // in tests, not the process's environment
			names = append(names, name)
		}
	}
	for _, warning := range unknownVariables(root, names) {
		_, _ = fmt.Fprintln(w, "warning: "+warning)
	}
}

// unknownVariables returns a warning for each unknown variable that looks like ours, with the likely correct name.
func unknownVariables(root *cobra.Command, names []string) (warnings []string) {
	var known []string // those of this program first: of names that are equally near it is the first that is meant
	for _, v := range Variables(root) {
		known = append(known, v.Name)
	}
	known = slices.Concat(known, bce.Variables(), ProgramVariables)
	for _, name := range secretVariables() {
		known = append(known, name+fileSuffix)
	}
	slices.Sort(names)
	for _, name := range names {
		ours := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if ours && !slices.Contains(known, name) && !notOurs.MatchString(name) {
			warnings = append(warnings, fmt.Sprintf("environment variable %s is unknown and has no effect%s", name, meant(name, known)))
		}
	}
	return warnings
}

// meant suggests a variable for an unknown name: that of the other prefix, such as BCE_REGION for HAVIP_REGION, the nearest of
// its own prefix, or one that has all its words, such as BCE_SECRET_ACCESS_KEY for BCE_SECRET_KEY.
func meant(name string, known []string) string {
	prefix, rest, _ := strings.Cut(name, "_")
	prefix += "_"
	for _, other := range prefixes {
		if slices.Contains(known, other+rest) {
			return "; did you mean " + other + rest + "?"
		}
	}
	var same []string // without the prefix, which must not make short names alike
	for _, candidate := range known {
		if after, ok := strings.CutPrefix(candidate, prefix); ok {
			same = append(same, after)
		}
	}
	if hint := spelling.DidYouMean(rest, prefix, same); hint != "" {
		return hint
	}
	words := strings.Split(name, "_")
	for _, candidate := range known {
		parts := strings.Split(candidate, "_")
		if !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(parts, w) }) {
			return "; did you mean " + candidate + "?"
		}
	}
	return ""
}
