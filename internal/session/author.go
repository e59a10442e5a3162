package session

import (
	"os/user"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
)

// Author names the user who runs this command, such as li@host; it never fails.
func Author() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name + "@" + cli.Hostname()
}

// DefineReason defines the flag --reason.
func DefineReason(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "reason, for the log and the events")
}

// maxReasonText bounds a reason, in cells: it is kept with every item that it concerns.
const maxReasonText = 200

// ReasonText is a reason as it is recorded.
func ReasonText(reason string) string {
	return runewidth.Truncate(render.Printable(reason), maxReasonText, "…")
}
