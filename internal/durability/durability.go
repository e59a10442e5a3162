// Package durability verifies, after a command has changed something in Redis, that a failover of Redis
// cannot lose the change.
package durability

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/notify"
	"havip/internal/redisconn"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/ledger"
	"havip/tasks"
)

// unverifiedFlag accepts what a failover of Redis could still lose.
const unverifiedFlag = "allow-unverified-durability"

// Verifier makes changes and verifies them. Its zero value accepts nothing unverified.
type Verifier struct{ allowUnverified bool }

// Define defines the flag of the commands that change something.
func (v *Verifier) Define(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&v.allowUnverified, unverifiedFlag, false,
		"succeed with a warning, not with exit code 5, when Redis could still forget in a failover what was written")
}

// Subject is what a command changes.
type Subject struct {
	name string
	// tags are the hash tags of its keys.
	tags []string
	// check are the commands that show whether the change is there.
	check string
}

// Batch is a batch as a subject.
func Batch(batch string) Subject {
	name := shell.Quote(batch)
	return Subject{
		name: "batch " + name, tags: ledger.Tags(batch),
		check: "`enqueue status " + name + "` and `enqueue verify " + name + "`",
	}
}

// Lane is a lane as a subject.
func Lane(l tasks.Lane) Subject {
	return Subject{name: "lane " + l.String(), tags: lane.Tags(l.String()), check: "`enqueue status`"}
}

// Change makes a change, and fails unless it is verified that a failover of Redis cannot lose it. Every
// command that changes something calls it.
func (v *Verifier) Change(ctx context.Context, f *session.Factory, s *session.Session, of Subject, change func() error) error {
	check, err := redisconn.StartReplicationCheck(ctx, session.Client(s), s.URL, of.tags...)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	err = check.Verify(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case v.allowUnverified:
		f.Infof("warning: %s (allowed by --%s)", unverified(f.Args, of, err), unverifiedFlag)
		return nil
	}
	return cli.Fail(cli.ExitNetwork, errors.New(unverified(f.Args, of, err)+"; or accept that with --"+unverifiedFlag))
}

// unverified says what is not certain, why, and what to do.
func unverified(args []string, of Subject, why error) string {
	again := "`" + commandLine(args) + "`"
	if slices.Contains(args, "-") {
		again += " with the same input"
	}
	return of.name + ": written, but it is not certain that Redis keeps it: " + why.Error() +
		". Repeat " + again + ", then check with " + of.check
}

// withoutSecret hides the secrets that a URL may hold. A webhook's URL is shown as everywhere else.
func withoutSecret(arg string) string {
	flag, target, assigned := strings.Cut(arg, "=")
	if !assigned || !strings.HasPrefix(flag, "-") {
		flag, target = "", arg
	} else {
		flag += "="
	}
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return flag + notify.Shown(target)
	}
	return redisconn.Redacted(arg)
}

// commandLine is the command that runs, quoted for a shell, with passwords in URLs hidden.
func commandLine(args []string) string {
	words := []string{"enqueue"}
	for _, arg := range args {
		if strings.Contains(arg, "://") && !strings.ContainsAny(arg, " \t\n") {
			arg = withoutSecret(arg)
		}
		words = append(words, shell.Quote(arg))
	}
	return strings.Join(words, " ")
}
