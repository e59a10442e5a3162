// Package help is the topics of help that belong to no command.
package help

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
)

// A topic is help that belongs to no command.
func topic(name, short, long string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Long: long}
}

// NewExitCodesTopic returns the topic exit-codes.
func NewExitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Exit codes of enqueue and worker:\n\n")
	for _, code := range cli.ExitCodes() {
		fmt.Fprintf(&b, "  %3d  %s\n", code.Code, code.Meaning)
	}
	b.WriteString("\n`plan --detailed-exitcode` has its own: 0 nothing to do, 1 error, 2 something to do.\n")
	return topic("exit-codes", "What the exit codes mean", b.String())
}

// NewEnvironmentTopic returns the topic environment, whose text is to be set to [EnvironmentText] when every flag
// has its variable.
func NewEnvironmentTopic() *cobra.Command {
	return topic("environment", "Every environment variable", "")
}

// general says what the variables of flags do that several commands have, each with words of its own.
var general = map[string]string{
	"--allow-volatile": "accept a Redis that forgets everything when it restarts",
	"--attempts":       "show every request of an item",
	"--batch":          "the batch, where a command does not take it as an argument",
	"--dry-run":        "only show what would be done",
	"--follow":         "go on with what comes later",
	"--format":         "format of the input file: csv, ndjson, json or yaml",
	"--lane":           "the lane, as ACCOUNT/REGION, where a command does not take it as an argument",
	"--on-complete":    "what to do when a batch is complete: a command, or with apply a URL that workers call",
	"--out":            "file that a plan is saved to",
	"--reason":         "why, for the log and the events",
	"--resume":         "resume the batch if it is paused",
	"--rps":            "requests a second of each lane that a worker, or run, is started with; 0 means no limit",
	"--state":          "only items in these states",
	"--timeout":        "stop waiting after this time, with exit code 8",
	"--wait":           "wait until the batch, or the item, is done",
	"--where":          "only items with this field, as FIELD=VALUE",
	"--yes":            "do not ask, and take yes for the answer",
}

// EnvironmentText lists the environment variables of a program.
func EnvironmentText(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Environment variables; a flag on the command line wins over its variable:\n\n")
	for _, v := range cli.Variables(root) {
		usage := v.Usage
		if general, ok := general[v.Flag]; ok {
			usage = general
		}
		fmt.Fprintf(&b, "  %-23s  %-20s %s\n", v.Name, v.Flag, usage)
	}
	b.WriteString(`
Region and endpoint come from the flag, else the variable, else the current profile of
~/.bce/config.json, else the default: bj, and the region's public endpoint. The endpoint of
another account is that of its own profile. ` + "`enqueue config`" + ` shows what is in force, and
where it comes from.

Credentials, in this order; an account other than "default" uses the profile of its name:

  1  BCE_ACCESS_KEY_ID, BCE_SECRET_ACCESS_KEY, BCE_SECURITY_TOKEN or BCE_SESSION_TOKEN
  2  BAIDUCLOUD_ACCESS_KEY, BAIDUCLOUD_SECRET_KEY, BAIDUCLOUD_SESSION_TOKEN
  3  ~/.bce/config.json

NO_COLOR, set to anything, turns colours off; CLICOLOR_FORCE turns those of tables on where
there is no terminal. --color wins over both. TZ is the zone of times in tables. The worker's own variables: ` + "`worker --help`" + `.
`)
	return b.String()
}

// NewFormatsTopic returns the topic formats.
func NewFormatsTopic() *cobra.Command {
	return topic("formats", "Input files and output formats", `Input: CSV (.csv), NDJSON (.ndjson, .jsonl), a JSON array (.json) or a YAML list (.yaml,
.yml) of items; --format says which for other names and for standard input. UTF-8.

  column            what it holds
  name              1-65 letters, digits, Chinese characters and - _ / . (required)
  subnetId          such as sbn-dk8gl9bc (required)
  privateIpAddress  an IPv4 address in the subnet; empty lets BCE choose
  description       any text
  key               what identifies the item in its batch (default: the name)
  account, region   the lane (default: default, and --region)
  clientToken       your own idempotency token, ASCII, at most 64 characters (default:
                    derived from batch and key)

Output (-o):

  table   for people; fitted to the terminal
  wide    a table with more columns, and not fitted
  json    one array
  ndjson  one object a line, as they come
  csv     a header, and a record a line

--json FIELDS writes json with these fields alone, in this order; with -o ndjson an object a
line. Without FIELDS it lists what there are.

  enqueue results havips --json key,state,haVipId

--columns NAMES chooses the columns of table and csv, --sort NAMES orders by columns (-NAME
descends) and --limit N writes no more than N. The names are those of the fields in JSON.

Times in tables are in local time, whose zone is in the heading, or with --utc in UTC. Those of
json, ndjson and csv are in UTC (RFC 3339).

--jq EXPR writes what a jq expression makes of the array that -o json writes, or of each
object with -o ndjson; strings are written as they are. --template TEMPLATE does the same
with a Go template (text/template); besides Go's functions there are join SEP LIST,
pluck FIELD LIST, timeago TIME, timefmt LAYOUT TIME and json VALUE.

  enqueue results havips --jq '.[] | select(.state == "created").haVipId'
  enqueue results havips --template '{{range .}}{{.key}} {{timeago .createdAt}}{{"\n"}}{{end}}'

csv is what was put in, for programs. A spreadsheet takes a cell that begins with = + - @
or a tab for a formula, which can call programs and send data away. --csv-safe puts an
apostrophe before such a cell (OWASP, "CSV Injection"), a line end and the signs' wide
forms included, and quotes every cell. It is for reading, not for applying again.

Text on a terminal is shown without control characters and changes of direction, whatever
was put in; json, ndjson and csv hold it as it is. On a terminal, json and ndjson escape
such characters, and csv replaces them.

A result has: batch, key, line, state, haVipId, name, subnetId, privateIpAddress,
description, account, region, attempts, code, message, requestId, clientToken,
createdAt (when it was registered), updatedAt; with --attempts, attemptLog as well.

A plan has of each row that needs attention: line, key, kind (conflict, failed, canceled,
adopt, fail or warning) and why; and besides, not in csv, the counts: create, requeue,
running, done, failed, canceled, conflicts, adopt, fail, enqueue (what apply puts in) and
warnings.

States: queued, sending, waiting, unknown, deleting; and finished: created, adopted,
rejected, review, canceled, deleted.
`)
}
