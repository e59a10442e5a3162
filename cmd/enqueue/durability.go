package main

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
	"havip/ledger"
	"havip/tasks"
)

// unverifiedFlag accepts what a failover of Redis could still forget.
const unverifiedFlag = "allow-unverified-durability"

func (a *app) defineUnverified(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.allowUnverified, unverifiedFlag, false,
		"succeed with a warning, not with exit code 5, when Redis could still forget in a failover what was written")
}

// subject is what a command changes.
type subject struct {
	name string
	// tags are the hash tags of its keys.
	tags []string
	// look are the commands that show whether it is there.
	look string
}

func batchSubject(batch string) subject {
	return subject{
		name: "batch " + word(batch), tags: ledger.Tags(batch),
		look: "`enqueue status " + word(batch) + "` and `enqueue verify " + word(batch) + "`",
	}
}

func laneSubject(l tasks.Lane) subject {
	return subject{name: "lane " + l.String(), tags: lane.Tags(l.String()), look: "`enqueue status`"}
}

// durably makes a change, and fails unless it is verified that a failover of Redis cannot forget it. Every
// command that changes something goes through here.
func (a *app) durably(ctx context.Context, s *session, of subject, change func() error) error {
	check, err := redisconn.StartReplicationCheck(ctx, s.rdb, s.url, of.tags...)
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
	case a.allowUnverified:
		a.say("warning: %s (allowed by --%s)", a.unverified(of, err), unverifiedFlag)
		return nil
	}
	return cli.Fail(cli.ExitNetwork, errors.New(a.unverified(of, err)+"; or accept that with --"+unverifiedFlag))
}

// unverified says what is not certain, why, and what to do.
func (a *app) unverified(of subject, why error) string {
	again := "`" + a.commandLine() + "`"
	if slices.Contains(a.args, "-") {
		again += " with the same input"
	}
	return of.name + ": written, but it is not certain that Redis keeps it: " + why.Error() +
		". Repeat " + again + ", then check with " + of.look
}

// withoutSecret hides what a URL may hold of secrets: a webhook's is shown as everywhere.
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

// commandLine is the command that runs, for a shell; passwords in URLs are hidden.
func (a *app) commandLine() string {
	words := []string{"enqueue"}
	for _, arg := range a.args {
		if strings.Contains(arg, "://") && !strings.ContainsAny(arg, " \t\n") {
			arg = withoutSecret(arg)
		}
		words = append(words, word(arg))
	}
	return strings.Join(words, " ")
}
