package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "p"}
	root.Flags().String("own-flag", "", "")
	root.Flags().String("livex", "", "")
	FlagEnvironment(root, "HAVIP")
	meant := map[string]string{
		"HAVIP_RPSS":           "HAVIP_RPS",
		"HAVIP_RSP":            "HAVIP_RPS",
		"HAVIP_QIUET":          "HAVIP_QUIET",
		"HAVIP_PI":             "HAVIP_IP",
		"HAVIP_AB":             "",
		"HAVIP_REGION":         "BCE_REGION",
		"BCE_LANE":             "HAVIP_LANE",
		"HAVIP_LIVEN":          "HAVIP_LIVEX", // one of this program, though HAVIP_LISTEN and HAVIP_LIVE are near as well
		"HAVIP_OWN_FLAGS":      "HAVIP_OWN_FLAG",
		"BCE_REGIONS":          "BCE_REGION",
		"BCE_SECRET_KEY":       "BCE_SECRET_ACCESS_KEY",
		"BCE_ACCESS_KEY":       "BCE_ACCESS_KEY_ID",
		"HAVIP_REDIS":          "HAVIP_REDIS_URL",
		"HAVIP_SOMETHING_ELSE": "",
	}
	var names []string
	for name := range meant {
		names = append(names, name)
	}
	warnings := unknownVariables(root, append(names,
		"HAVIP_OWN_FLAG", "HAVIP_RPS", "HAVIP_WEBHOOK_SECRET", "HAVIP_COMPLETED_BATCH", "BCE_ENDPOINT", "BCE_SESSION_TOKEN", "PATH", "BCESIM_X",
		// What Kubernetes makes of services called havip, and havip-redis.
		"HAVIP_SERVICE_HOST", "HAVIP_SERVICE_PORT_HTTP", "HAVIP_PORT", "HAVIP_REDIS_PORT_6379_TCP", "HAVIP_REDIS_PORT_6379_TCP_ADDR"))
	got := map[string]string{}
	for _, warning := range warnings {
		name, rest, _ := strings.Cut(strings.TrimPrefix(warning, "environment variable "), " ")
		_, got[name], _ = strings.Cut(strings.TrimSuffix(rest, "?"), "did you mean ")
	}
	if diff := cmp.Diff(meant, got); diff != "" {
		t.Error(diff)
	}
}
