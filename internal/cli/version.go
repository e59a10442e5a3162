package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"havip/internal/version"
)

// versionCommand is `version`, which prints the same as --version, or all details as JSON.
func versionCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Long: `Version shows the version, the commit, whether files were changed since, and the versions of
Go and asynq that it was built with. --version shows the same.`,
		Example: "  " + root.Name() + " version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f := cmd.Flag("output"); f != nil && (f.Value.String() == "json" || f.Value.String() == "ndjson") {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(version.Read())
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), versionLine(root))
			return err
		},
	}
}

// defineVersion defines --version, without a short form, because -v often means verbose.
func defineVersion(root *cobra.Command) {
	root.Version = version.Read().String()
	root.SetVersionTemplate(versionLine(root))
	root.Flags().Bool("version", false, "show the version")
}

func versionLine(root *cobra.Command) string {
	return root.Name() + " " + version.Read().String() + "\n"
}
