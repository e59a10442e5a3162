// Package manual writes a program's manual pages from its help.
package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"havip/internal/version"
)

// Command is a hidden `man DIR` for packagers of the program.
func Command(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a directory",
		Long: `Man writes a manual page for each command and topic into a directory. They are dated by
the commit that the program was built from.`,
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE:   func(_ *cobra.Command, args []string) error { return Write(root, args[0]) },
	}
}

// Write writes a page for each command and topic. It changes the commands' texts, and so is the last that
// is done with them.
func Write(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- manual pages are for everybody
		return fmt.Errorf("manual pages: %w", err)
	}
	root.DisableAutoGenTag = true
	return write(root, dir)
}

func write(c *cobra.Command, dir string) error {
	if err := page(c, filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")); err != nil {
		return fmt.Errorf("manual pages: %w", err)
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() || sub.Name() == "help" {
			continue
		}
		if err := write(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

func page(c *cobra.Command, path string) error {
	c.Long = asMarkdown(c.Long)
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	date := date(version.Read())
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "havip", Manual: "havip"}
	if err := doc.GenMan(c, header, file); err != nil {
		_ = file.Close() // the first error is the one to tell
		return err
	}
	return file.Close()
}

// date is the commit's: the same commit gives the same pages, whenever and wherever they are made.
func date(build version.Info) time.Time {
	if build.Committed.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return build.Committed.UTC()
}

// asMarkdown makes help, which is plain text, what the generator takes: tables and lists, which are
// indented, stay as they are, and no sign of it is taken for emphasis.
func asMarkdown(help string) string {
	lines := strings.Split(help, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "  " + line
			continue
		}
		lines[i] = strings.NewReplacer("_", `\_`, "*", `\*`, "<", `\<`).Replace(line)
	}
	return strings.Join(lines, "\n")
}
