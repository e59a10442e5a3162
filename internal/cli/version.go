package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"havip/internal/version"
)

// versionCommand is `version`, which says what --version does, and all of it as JSON for programs.
func versionCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which build this is",
		Long: `Version says which build this is: its version, the commit and whether the files were the
commit's, and what it was built with. --version says the same.`,
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

// defineVersion gives a program --version, without a short form: -v is more talk elsewhere.
func defineVersion(root *cobra.Command) {
	root.Version = version.Read().String()
	root.SetVersionTemplate(versionLine(root))
	root.Flags().Bool("version", false, "say which build this is")
}

func versionLine(root *cobra.Command) string {
	return root.Name() + " " + version.Read().String() + "\n"
}
