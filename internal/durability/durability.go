// Package durability is what commands that write require of Redis: before they write, that it keeps what it acknowledges;
// afterwards, that a failover cannot lose what was written.
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

// unverifiedFlag accepts a Redis that may not keep what is written.
const unverifiedFlag = "allow-unverified-durability"

// Verifier opens Redis, makes changes and verifies them. Its zero value accepts nothing that may be lost.
type Verifier struct {
	// AllowVolatile accepts a Redis that loses all data when it restarts, and AllowUnverified one that may not keep what is
	// written.
	AllowVolatile, AllowUnverified bool
	// Stops is for a command that only stops work: it is never refused because Redis may lose data.
	Stops bool
}

// Define defines the flags of the commands that change something.
func (v *Verifier) Define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&v.AllowUnverified, unverifiedFlag, false,
		"only warn if durability cannot be verified: Redis does not report its persistence, or a failover could lose the change")
	flags.BoolVar(&v.AllowVolatile, "allow-volatile", false, "accept a Redis that loses all data when it restarts")
}

// OpenFor is [Verifier.Open], or [session.Factory.Open] for a command that is not going to write.
func (v *Verifier) OpenFor(ctx context.Context, f *session.Factory, writes bool) (*session.Session, error) {
	if !writes {
		return f.Open(ctx)
	}
	return v.Open(ctx, f)
}

// Open is [session.Factory.Open] for commands that write: a Redis that may lose what it acknowledged is refused
// before anything is written to it, and one that refuses writes for a while is waited for.
func (v *Verifier) Open(ctx context.Context, f *session.Factory) (*session.Session, error) {
	s, err := f.OpenToWrite(ctx)
	if err != nil {
		return nil, err
	}
	err = cli.Durability{
		AllowVolatile: v.AllowVolatile, AllowUnverified: v.AllowUnverified, Stops: v.Stops,
		Patience: cli.CommandPatience(), Waiting: s.Waiting,
		Warn: func(warning string) { f.Infof("warning: %s", warning) },
	}.Require(ctx, s.Redis)
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
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
	operand := shell.Operand(batch)
	return Subject{
		name: "batch " + shell.Quote(batch), tags: ledger.Tags(batch),
		check: "`enqueue status " + operand + "` and `enqueue verify " + operand + "`",
	}
}

// Lane is a lane as a subject.
func Lane(l tasks.Lane) Subject {
	return Subject{name: "lane " + l.String(), tags: lane.Tags(l.String()), check: "`enqueue status`"}
}

// Change makes a change, and fails unless it is verified that a failover of Redis cannot lose it. Every
// command that changes something calls it.
func (v *Verifier) Change(ctx context.Context, f *session.Factory, s *session.Session, of Subject, change func() error) error {
	uncertain, err := Change(ctx, s, of, change)
	switch {
	case uncertain == nil:
		return err
	case ctx.Err() != nil:
		return cli.Fail(cli.ExitInterrupted, errors.New(unverified(f.Args, of, errors.New("the command was ended first"))))
	case v.AllowUnverified:
		f.Infof("warning: %s (allowed by --%s)", unverified(f.Args, of, uncertain), unverifiedFlag)
		return nil
	}
	return cli.Fail(cli.ExitNetwork, errors.New(unverified(f.Args, of, uncertain)+"; or accept that with --"+unverifiedFlag))
}

// Change makes a change. uncertain is why it is not certain that Redis keeps it after a failover; nil if it is, or if the
// change failed.
func Change(ctx context.Context, s *session.Session, of Subject, change func() error) (uncertain, err error) {
	check, err := redisconn.StartReplicationCheck(ctx, s.Redis, s.URL, of.tags...)
	if err != nil {
		return nil, err
	}
	if err := change(); err != nil {
		return nil, err
	}
	return check.Verify(ctx), nil
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
