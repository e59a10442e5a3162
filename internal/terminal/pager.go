package terminal

import (
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"havip/internal/cli"
)

// noPagerFlag is a flag of commands with long tables.
const noPagerFlag = "no-pager"

// pagerVariables name the pager; the first one that is set wins.
var pagerVariables = []string{"HAVIP_PAGER", "PAGER"}

// DefinePager makes a command show its tables in a pager if stdout is a terminal.
func DefinePager(cmd *cobra.Command) {
	cmd.Flags().Bool(noPagerFlag, false, "do not use a pager for tables")
}

// settlePager decides whether the command uses a pager.
func (t *IO) settlePager(cmd *cobra.Command) {
	no := cmd.Flags().Lookup(noPagerFlag)
	if no == nil || no.Value.String() == "true" || !t.Format.Tabular() || !cli.IsTerminal(t.Out) || t.Getenv("TERM") == "dumb" {
		return
	}
	t.pager = pagerOf(func(name string) (string, bool) {
		value := t.Getenv(name)
		_, set := os.LookupEnv(name) // Getenv does not distinguish an empty variable (no pager) from an unset one
		return value, set || value != ""
	})
}

// pagerOf returns the pager's command line; nil means none, and so does cat. The default is less, which exits if the table fits the
// screen.
func pagerOf(lookup func(string) (string, bool)) []string {
	for _, name := range pagerVariables {
		if command, set := lookup(name); set {
			if words := strings.Fields(command); len(words) > 0 && words[0] != "cat" {
				return words
			}
			return nil
		}
	}
	return []string{"less", "-FRX"}
}

// paged calls write with the pager's input, or with stdout if there is no pager or it cannot be started. It is no error if the pager
// exits before it has read everything.
func (t *IO) paged(write func(io.Writer) error) error {
	if t.pager == nil {
		return write(t.Data())
	}
	// Without a context: the pager controls the terminal and handles Ctrl-C. As in git, Ctrl-C ends the output, and this process
	// waits for the pager.
	pager := exec.Command(t.pager[0], t.pager[1:]...) //nolint:noctx // see above
	pager.Stdout, pager.Stderr = t.Out, t.Err
	// As in git, for less and lv without options: show colors, and exit if one screen is enough. Without a locale, less would show
	// Chinese names as bytes.
	pager.Env = append(os.Environ(), "LESS="+cmp.Or(t.Getenv("LESS"), "FRX"), "LV="+cmp.Or(t.Getenv("LV"), "-c"),
		"LESSCHARSET="+cmp.Or(t.Getenv("LESSCHARSET"), "utf-8"))
	in, err := pager.StdinPipe()
	if err == nil {
		err = pager.Start()
	}
	if err != nil {
		return write(t.Data())
	}
	defer cli.LendTerminal(pager.Process)()
	if err = write(in); errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	_ = in.Close()   // the pager may have closed it
	_ = pager.Wait() // its exit code is not the command's
	return err
}
