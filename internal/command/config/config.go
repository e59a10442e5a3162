// Package config is the command that shows the settings in force and where each comes from.
package config

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/notify"
	"havip/internal/redisconn"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/tasks"
)

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var reach cloud.Flags
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings in force and where each comes from",
		Long: `Config shows every setting of the commands: its value, and the flag, variable, profile or
default that it comes from. A flag overrides a variable, a variable overrides the current
profile of ~/.bce/config.json, and the profile overrides the default. Variables that only
some commands read are listed if they are set; those for lists, such as HAVIP_COLUMNS, do
not affect this list.

It connects neither to Redis nor to BCE, and shows no secret: a fingerprint of the access
key, and the Redis URL without its password. For an unusable setting it says what to do,
shows the other settings, and exits with 4.`,
		Example: `  enqueue config
  enqueue config --region gz
  enqueue config --json name,value,source`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := settings(cmd.Context(), f, cmd)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			return show(f.IO, all)
		},
	}
	terminal.DefineList(f.IO, cmd, list())
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { cli.NoEnv(cmd.Flags(), flag.Name) }) // a wrong variable must not hide the settings
	reach.Define(cmd)
	return cmd
}

// settings returns the settings of all commands, then the variables that are set for some commands.
func settings(ctx context.Context, f *session.Factory, cmd *cobra.Command) []cli.Setting {
	flags := cmd.Flags()
	all := append(store(ctx, f, flags), cli.CloudSettings(ctx, flags, f.Getenv)...)
	all = append(all, cli.ProfileSetting(ctx, f.Getenv), lane(f, flags))
	for _, name := range []string{"allow-plain-http", "output", "csv-safe", "quiet"} {
		all = append(all, cli.Setting{Name: name, Value: flags.Lookup(name).Value.String(), Source: cli.SourceOf(flags, name)})
	}
	listed := map[string]int{}
	for i, s := range all {
		listed["--"+s.Name] = i
	}
	for _, v := range cli.Variables(cmd.Root()) {
		value := strings.Trim(f.Getenv(v.Name), "\r\n")
		if value == "" {
			continue
		}
		i, there := listed[v.Flag]
		if set := ofVariable(v, value); !there {
			all = append(all, set)
		} else if set.Error != "" && !cli.Given(flags, all[i].Name) {
			all[i] = set
		}
	}
	return all
}

// ofVariable returns the setting of a variable, with an error if its value cannot be used.
func ofVariable(v cli.Variable, value string) cli.Setting {
	s := cli.Setting{Name: strings.TrimPrefix(v.Flag, "--"), Source: v.Name}
	if s.Error = v.Refusal(value); s.Error == "" {
		if s.Value = value; notify.IsURL(value) {
			s.Value = notify.Shown(value)
		}
	}
	return s
}

// store returns the location of the ledger: either --redis or --state-dir.
func store(ctx context.Context, f *session.Factory, flags *pflag.FlagSet) []cli.Setting {
	redis := cli.Setting{Name: "redis", Source: cli.SourceOf(flags, "redis")}
	dir := cli.Setting{Name: "state-dir", Value: f.StateDir, Source: cli.SourceOf(flags, "state-dir")}
	err := f.StoreError()
	switch {
	case err != nil:
		redis.Error = err.Error()
	case f.StateDir != "":
		redis.Source = "not used: a state directory is given"
	default:
		redis.Value = redisconn.Redacted(f.RedisURL)
		if _, err := redisconn.Parse(ctx, f.RedisURL); err != nil {
			redis.Value, redis.Error = "", cli.BlameRedis(flags, err).Error()
		}
		dir = runDir(f, dir)
	}
	return []cli.Setting{redis, dir}
}

// runDir returns the directory of the store that `enqueue run` uses without --redis.
func runDir(f *session.Factory, dir cli.Setting) cli.Setting {
	dir.Value = ""
	if f.RedisGiven {
		dir.Source = "not used: a Redis is given"
		return dir
	}
	value, err := cli.StateDir(f.Getenv)
	if err != nil {
		dir.Error = err.Error()
		return dir
	}
	dir.Value, dir.Source = value, "default, of enqueue run"
	return dir
}

// lane returns the lane of items without account and region.
func lane(f *session.Factory, flags *pflag.FlagSet) cli.Setting {
	l := tasks.Lane{Account: tasks.DefaultAccount, Region: f.Region}
	return cli.Setting{Name: "lane", Value: l.String(), Source: cli.SourceOf(flags, "region")}
}

// show writes the settings, and returns an error about invalid ones.
func show(t *terminal.IO, all []cli.Setting) error {
	if err := terminal.Print(t, list(), all); err != nil {
		return err
	}
	wrong := 0
	for _, s := range all {
		if s.Error != "" {
			t.Errorf("%s: %s", s.Name, strings.TrimPrefix(s.Error, s.Name+": "))
			wrong++
		}
	}
	if wrong == 0 {
		return nil
	}
	return cli.Failf(cli.ExitConfig, "%s", words.Count(wrong, "setting cannot be used", "settings cannot be used"))
}

func list() render.List[cli.Setting] {
	return render.List[cli.Setting]{
		Columns: []render.Column[cli.Setting]{
			{Name: "name", Head: "SETTING", Text: func(s cli.Setting) string { return s.Name }},
			{Name: "value", Text: func(s cli.Setting) string { return s.Value }, Cell: valueCell},
			{Name: "source", Head: "FROM", Text: func(s cli.Setting) string { return s.Source }, Cell: func(s cli.Setting) string { return cell(s.Source) }},
			{Name: "error", Text: func(s cli.Setting) string { return s.Error }},
			{Name: "fingerprint", Text: func(s cli.Setting) string { return s.Fingerprint }},
		},
		Table: []string{"name", "value", "source"}, Flexible: "source",
	}
}

func valueCell(s cli.Setting) string {
	switch {
	case s.Error != "":
		return "(unusable)"
	case s.Fingerprint != "":
		return s.Value + " (fingerprint " + s.Fingerprint + ")"
	}
	return cell(s.Value)
}

// cell is a text that may be empty.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
