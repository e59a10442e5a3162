package plan

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"havip/bce"
	"havip/internal/cli"
)

// The credentials are examined after BCE refused them, not after any other wrong setting.
func TestPlanError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err     error
		code    cli.ExitCode
		examine bool
	}{
		"refused":        {&bce.Error{Kind: bce.KindAPI, Sent: true, StatusCode: http.StatusForbidden, Code: bce.CodeAccessDenied}, cli.ExitConfig, true},
		"wrong endpoint": {cli.Failf(cli.ExitConfig, "lane default/bj: %w", bce.ErrPlainHTTP), cli.ExitConfig, false},
		"no credentials": {cli.Failf(cli.ExitConfig, "account: %w", bce.ErrNoCredentials), cli.ExitConfig, false},
		"not reached":    {fmt.Errorf("lane: %w", &bce.Error{Kind: bce.KindDial}), cli.ExitNetwork, false},
	} {
		err := planError(t.Context(), tt.err, options{live: true})
		if code := cli.CodeOf(err); code != tt.code || strings.Contains(err.Error(), "enqueue doctor") != tt.examine {
			t.Errorf("%s: exit code %d, %v", name, code, err)
		}
	}
}
