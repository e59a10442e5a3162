package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/session"
	"havip/lifecycle"
	"havip/tasks"
)

// manualBatch gathers what create makes without a batch's name.
const manualBatch = "manual"

func (a *app) createCommand() *cobra.Command {
	var item tasks.Item
	var batch string
	var wait, allowVolatile bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "create --name NAME --subnet SUBNET",
		Short: "Enqueue one item",
		Long: `Create enqueues one item. Its key (default: its name) makes it safe to repeat: the same
command again creates nothing.`,
		Example: `  enqueue create --name web-vip --subnet sbn-dk8gl9bc --wait
  enqueue create --name db-vip --subnet sbn-dk8gl9bc --ip 192.168.0.10 --batch databases`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			item := item.WithDefaults(a.Region)
			if err := checkItem(batch, item); err != nil {
				return err
			}
			s, err := a.OpenDurable(cmd.Context(), allowVolatile)
			if err != nil {
				return err
			}
			defer s.Close()
			return a.create(cmd.Context(), s, batch, item, wait, timeout)
		},
	}
	f := cmd.Flags()
	f.StringVar(&item.Request.Name, "name", "", "name of the HaVIP (required)")
	f.StringVar(&item.Request.SubnetID, "subnet", "", "ID of its subnet (required)")
	f.StringVar(&item.Request.PrivateIPAddress, "ip", "", "its address (default: BCE chooses one)")
	f.StringVar(&item.Request.Description, "description", "", "its description")
	f.StringVar(&item.Key, "key", "", "key of the item in the batch (default: the name)")
	f.StringVar(&item.Account, "account", tasks.DefaultAccount, "account whose credentials create it")
	f.StringVar(&item.ClientToken, "client-token", "", "your own idempotency token (default: derived from batch and key)")
	f.StringVar(&batch, "batch", manualBatch, "batch to put it in")
	f.BoolVar(&wait, "wait", false, "wait until it is done")
	f.DurationVar(&timeout, "timeout", 0, "with --wait: give up waiting after this time, with exit code 8")
	a.durable.Define(cmd)
	f.BoolVar(&allowVolatile, "allow-volatile", false, "accept a Redis that forgets everything when it restarts")
	return cmd
}

// columnFlags are the flags that set what a file's columns do.
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
			continue // the name's own fault says it
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

func (a *app) create(ctx context.Context, s *session.Session, batch string, item tasks.Item, wait bool, timeout time.Duration) error {
	producer, release, err := s.Producer()
	if err != nil {
		return err
	}
	defer release()
	err = a.durable.Change(ctx, a.Factory, s, durability.Batch(batch), func() error { return a.putOne(ctx, producer, batch, item) })
	if err != nil {
		return err
	}
	if wait {
		if err := a.awaitItem(ctx, s, batch, item.Key, timeout); err != nil {
			return err
		}
	}
	return a.printItem(ctx, s, batch, item.Key)
}

// putOne enqueues the item, unless it is known.
func (a *app) putOne(ctx context.Context, producer *tasks.Producer, batch string, item tasks.Item) error {
	answer, err := producer.Enqueue(ctx, batch, item)
	if err != nil {
		return err
	}
	if answer.Result == lifecycle.RegisteredConflict {
		text, err := plan.ConflictText(answer)
		if err != nil {
			return err
		}
		return cli.Failf(cli.ExitInvalidInput, "%s/%s: conflict: %s; nothing was enqueued. Give the item a key of its own with --key, or another batch with --batch",
			batch, item.Key, render.Printable(text))
	}
	if answer.Result == lifecycle.RegisteredSame {
		a.Infof("%s/%s is known already: %s%s", batch, item.Key, answer.State, howToRetry(batch, item.Key, answer.State))
	}
	return nil
}
