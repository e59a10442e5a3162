// Package create is the command that enqueues one item.
package create

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/follow"
	"havip/internal/plan"
	"havip/internal/region"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/lifecycle"
	"havip/tasks"
)

// manualBatch is the default batch of create.
const manualBatch = "manual"

type options struct {
	batch              string
	item               tasks.Item
	wait               bool
	allowUnknownRegion bool
	allowDuplicates    bool
	timeout            time.Duration
	durable            durability.Verifier
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "create --name NAME --subnet SUBNET",
		Short: "Enqueue one item",
		Long: `Create enqueues one item. Its key (default: its name) makes the command safe to repeat: the
same command again creates nothing. An item of another batch with the same name, subnet and
address is refused, unless --allow-duplicates is given.`,
		Example: `  enqueue create --name web-vip --subnet sbn-dk8gl9bc --wait
  enqueue create --name web-vip --subnet sbn-dk8gl9bc --wait --jq '.[].privateIpAddress'
  enqueue create --name db-vip --subnet sbn-dk8gl9bc --ip 192.168.0.10 --batch databases`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !opts.wait {
				opts.timeout = 0
			}
			return run(cmd.Context(), f, opts)
		},
	}
	terminal.DefineList(f.IO, cmd, render.Results())
	flags := cmd.Flags()
	flags.StringVar(&opts.item.Request.Name, "name", "", "name of the HaVIP (required)")
	flags.StringVar(&opts.item.Request.SubnetID, "subnet", "", "ID of the subnet (required)")
	flags.StringVar(&opts.item.Request.PrivateIPAddress, "ip", "", "address of the HaVIP (default: BCE chooses one)")
	flags.StringVar(&opts.item.Request.Description, "description", "", "description of the HaVIP")
	flags.StringVar(&opts.item.Key, "key", "", "key of the item in the batch (default: the name)")
	flags.StringVar(&opts.item.Account, "account", tasks.DefaultAccount, "account that owns the HaVIP")
	flags.StringVar(&opts.item.ClientToken, "client-token", "", "your own idempotency token (default: derived from batch and key)")
	session.DefinePriority(flags, &opts.item.Priority)
	region.DefineAllow(flags, &opts.allowUnknownRegion)
	flags.BoolVar(&opts.allowDuplicates, "allow-duplicates", false, "create the item even if an item of another or a deleted batch has the same name, subnet and address")
	flags.StringVar(&opts.batch, "batch", manualBatch, "batch that the item belongs to")
	flags.BoolVar(&opts.wait, "wait", false, "wait until the item is finished")
	follow.DefineTimeout(flags, &opts.timeout, "give up this long after the start of the command, with exit code 8, or 5 if Redis never answered")
	cli.Requires(flags, "timeout", "wait")
	opts.durable.Define(cmd)
	return cmd
}

// columnFlags are the flags whose names differ from the columns of a file.
var columnFlags = map[string]string{"subnetId": "subnet", "privateIpAddress": "ip", "clientToken": "client-token"}

func checkItem(batch string, item tasks.Item) error {
	if rule := tasks.ValidateBatch(batch); rule != "" {
		return cli.Failf(cli.ExitUsage, "--batch %q: %s", batch, rule)
	}
	var faults []string
	for _, fault := range item.Validate() {
		flag := fault.Field
		if name, ok := columnFlags[flag]; ok {
			flag = name
		}
		if fault.Field == "key" && item.Key == item.Request.Name {
			continue // the fault of the name reports it
		}
		if fault.Value == "" {
			faults = append(faults, "--"+flag+" "+fault.Rule)
			continue
		}
		fault.Field = "--" + flag
		faults = append(faults, fault.Error())
	}
	if len(faults) > 0 {
		return cli.Fail(cli.ExitUsage, errors.New(strings.Join(faults, "; ")))
	}
	return nil
}

// run enqueues the item, waits for it if asked to, and prints its result.
func run(ctx context.Context, f *session.Factory, opts options) error {
	batch, item := opts.batch, opts.item.WithDefaults(f.Region)
	if err := checkItem(batch, item); err != nil {
		return err
	}
	if err := f.CheckRegion(opts.allowUnknownRegion); err != nil {
		return err
	}
	timed, cancel := follow.WithTimeout(ctx, opts.timeout)
	defer cancel()
	s, err := opts.durable.Open(timed, f)
	if err != nil {
		return err
	}
	defer s.Close()
	producer, release, err := s.Producer()
	if err != nil {
		return err
	}
	defer release()
	producer.RefuseDuplicates = !opts.allowDuplicates
	err = opts.durable.Change(timed, f, s, durability.Batch(batch), func() error { return enqueue(timed, f.IO, producer, batch, item) })
	if err != nil {
		return follow.TimeoutError(timed, err)
	}
	if opts.wait {
		if err := follow.Item(timed, f.IO, s, batch, item.Key); err != nil {
			return err
		}
	}
	return printItem(ctx, f.IO, s, batch, item.Key)
}

// enqueue enqueues the item, unless it exists already.
func enqueue(ctx context.Context, t *terminal.IO, producer *tasks.Producer, batch string, item tasks.Item) error {
	answer, err := producer.Enqueue(ctx, batch, item)
	var duplicate *tasks.DuplicateError
	switch {
	case errors.As(err, &duplicate):
		return cli.Failf(cli.CodeOf(err), "%s/%s: %s; nothing was enqueued. %s",
			batch, item.Key, render.Printable(duplicate.Duplicate.Why()), render.Printable(plan.DuplicateRemedy(duplicate.Duplicate)))
	case err != nil:
		return cli.NotDone(err, "%s/%s was not enqueued", batch, item.Key)
	}
	if answer.Result == lifecycle.RegisteredConflict {
		text, err := plan.ConflictText(answer)
		if err != nil {
			return err
		}
		return cli.Failf(cli.ExitInvalidInput, "%s/%s: conflict: %s; nothing was enqueued. Give the item a new key with --key, or use another batch with --batch",
			batch, item.Key, render.Printable(text))
	}
	if answer.Result == lifecycle.RegisteredSame {
		t.Infof("%s/%s already exists: %s%s", batch, item.Key, answer.State, howToRetry(batch, item.Key, answer.State))
	}
	return nil
}
