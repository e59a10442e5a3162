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

// noPagerFlag is a flag of commands whose tables may be long.
const noPagerFlag = "no-pager"

// pagerVariables name the pager, the first one that is set winning.
var pagerVariables = []string{"HAVIP_PAGER", "PAGER"}

// DefinePager has a command show its tables by a pager, where stdout is a terminal.
func DefinePager(cmd *cobra.Command) {
	cmd.Flags().Bool(noPagerFlag, false, "write a table to the terminal without a pager")
}

// settlePager decides whether the command uses a pager.
func (t *IO) settlePager(cmd *cobra.Command) {
	no := cmd.Flags().Lookup(noPagerFlag)
	if no == nil || no.Value.String() == "true" || !t.Format.Tabular() || !cli.IsTerminal(t.Out) || t.Getenv("TERM") == "dumb" {
		return
	}
	t.pager = pagerOf(func(name string) (string, bool) {
		value := t.Getenv(name)
		_, set := os.LookupEnv(name) // Getenv does not tell an empty variable, which means no pager, from one that is not set
		return value, set || value != ""
	})
}

// pagerOf returns the pager's command line; nil for none. That is what cat is as well. Without a variable it is less, which writes
// what fits the screen and ends.
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

// paged calls write with where a table goes: to the pager, or to stdout if there is none or it cannot be started. It is no error if
// the pager ends before it has read everything: who quits it has seen enough.
func (t *IO) paged(write func(io.Writer) error) error {
	if t.pager == nil {
		return write(t.Data())
	}
	// Not bound to a context: Ctrl-C is the pager's to handle, which has the terminal in its hands.
	pager := exec.Command(t.pager[0], t.pager[1:]...) //nolint:noctx // see above
	pager.Stdout, pager.Stderr = t.Out, t.Err
	// As git does, for a less or lv that is named without options: show colours, and end where one screen is enough. Without a
	// locale, less would show the bytes of Chinese names.
	pager.Env = append(os.Environ(), "LESS="+cmp.Or(t.Getenv("LESS"), "FRX"), "LV="+cmp.Or(t.Getenv("LV"), "-c"),
		"LESSCHARSET="+cmp.Or(t.Getenv("LESSCHARSET"), "utf-8"))
	in, err := pager.StdinPipe()
	if err == nil {
		err = pager.Start()
	}
	if err != nil {
		return write(t.Data())
	}
	if err = write(in); errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	_ = in.Close()   // the pager may have closed it
	_ = pager.Wait() // its exit code is not the command's
	return err
}
