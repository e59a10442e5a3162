// Package help has the help topics that belong to no command.
package help

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
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

// NewEnvironmentTopic returns the topic environment. Set its text to [EnvironmentText] after all flags have their variables.
func NewEnvironmentTopic() *cobra.Command {
	return topic("environment", "Every environment variable", "")
}

// general says what a variable does if several commands describe its flag differently.
var general = map[string]string{
	"--allow-volatile": "accept a Redis that loses all data when it restarts",
	"--attempts":       "show every request of an item",
	"--batch":          "the batch, where a command does not take it as an argument",
	"--dry-run":        "only show what would be done",
	"--follow":         "keep printing what is added later",
	"--format":         "format of the input file: csv, ndjson, json or yaml",
	"--lane":           "the lane, as ACCOUNT/REGION, where a command does not take it as an argument",
	"--on-complete":    "what to do when a batch is complete: run a command, or with apply notify a URL",
	"--out":            "file to save the plan in",
	"--reason":         "reason, for the log and the events",
	"--resume":         "resume the batch if it is paused",
	"--rps":            "create requests per second and lane, of a worker or run; 0 means no limit",
	"--state":          "only items in these states",
	"--timeout":        "stop waiting after this time, with exit code 8",
	"--wait":           "wait until the batch, or the item, is done",
	"--where":          "only items with this field, as FIELD=VALUE",
	"--yes":            "do not ask for confirmation",
}

// helpWidth is that of the help's hand-written texts at least.
const helpWidth = 80

// EnvironmentText lists the environment variables of a program: each with its flag, and below them what it does.
func EnvironmentText(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Environment variables; a flag on the command line overrides its variable:\n\n")
	for _, v := range cli.Variables(root) {
		usage := v.Usage
		if general, ok := general[v.Flag]; ok {
			usage = general
		}
		fmt.Fprintf(&b, "  %s  %s\n", v.Name, v.Flag)
		const indent = "      "
		for _, line := range render.Wrap(usage, helpWidth-len(indent)) {
			b.WriteString(indent + line + "\n")
		}
	}
	b.WriteString(`
Region and endpoint come from the flag, or else the variable, the current profile of
~/.bce/config.json, or the default: bj, and the region's public endpoint. Another account
uses the endpoint of its own profile. ` + "`enqueue config`" + ` shows the settings in force and where
they come from.

Credentials, in this order; an account other than "default" uses the profile of its name:

  1  BCE_ACCESS_KEY_ID, BCE_SECRET_ACCESS_KEY, BCE_SECURITY_TOKEN or BCE_SESSION_TOKEN
  2  BAIDUCLOUD_ACCESS_KEY, BAIDUCLOUD_SECRET_KEY, BAIDUCLOUD_SESSION_TOKEN
  3  ~/.bce/config.json

Instead of a credential of 1 or 2, or HAVIP_REDIS_URL, a variable of its name with _FILE
may be set to the path of a file that has the value, as Docker and Kubernetes give secrets:
BCE_SECRET_ACCESS_KEY_FILE=/run/secrets/bce-secret-key. The file is read for each request, so
a key can be replaced while a worker runs.

NO_COLOR, set to anything, disables colors; CLICOLOR_FORCE enables those of tables without
a terminal. --color overrides both. TZ is the time zone of tables.

HAVIP_PAGER, else PAGER, else less shows the tables of results, list and events on a terminal;
set it to the empty string or to cat to use none.

For the worker's own variables, see ` + "`worker --help`" + `.
`)
	return b.String()
}

// NewFormatsTopic returns the topic formats.
func NewFormatsTopic() *cobra.Command {
	return topic("formats", "Input files and output formats", `Input: CSV (.csv), NDJSON (.ndjson, .jsonl), a JSON array (.json) or a YAML list (.yaml,
.yml) of items, in UTF-8; --format names the format of other files and of standard input.
Fields of CSV are separated by commas, or by the separator that a line before the header
declares (comma, semicolon, tab or |), as in spreadsheets: sep=;

  column            content
  name              1-65 letters, digits, Chinese characters and - _ / . (required)
  subnetId          such as sbn-dk8gl9bc (required)
  privateIpAddress  an IPv4 address in the subnet; if empty, BCE assigns one
  description       any text
  key               identifies the item in its batch (default: the name)
  account, region   the lane (default: default, and --region)
  clientToken       your own idempotency token, ASCII, at most 64 characters (default:
                    derived from batch and key)

Output (-o):

  table   text, fitted to the terminal
  wide    a table with more columns, not fitted
  json    one array
  ndjson  one object per line, streamed
  csv     a header, and one record per line

--json FIELDS writes JSON with only these fields, in this order; with -o ndjson one object
per line. Without FIELDS, it lists the fields.

  enqueue results havips --json key,state,haVipId

--columns NAMES chooses the columns of table and csv, --sort NAMES sorts by columns (-NAME:
descending) and --limit N writes at most N rows. The names are those of the JSON fields.

Times in tables are in local time, with the zone in the heading, or with --utc in UTC. Times
in json, ndjson and csv are in UTC (RFC 3339).

--jq EXPR applies a jq expression to the array of -o json, or to each object of -o ndjson;
strings are written without quotes. --template TEMPLATE does the same with a Go template
(text/template); besides Go's functions, it has join SEP LIST, pluck FIELD LIST,
timeago TIME, timefmt LAYOUT TIME and json VALUE.

  enqueue results havips --jq '.[] | select(.state == "created").haVipId'
  enqueue results havips --template '{{range .}}{{.key}} {{timeago .updatedAt}}{{"\n"}}{{end}}'

csv has unchanged values, for programs. A spreadsheet treats a cell that begins with
= + - @ or a tab as a formula, which can run programs and send data away. --csv-safe puts an
apostrophe before such cells (OWASP, "CSV Injection"), also before line ends and full-width
forms of these signs, and quotes every cell. Such a file is for reading, not for apply.

Tables leave out control characters and changes of text direction; json, ndjson and csv have
the unchanged text. On a terminal, json and ndjson escape such characters, and csv
replaces them.

A result has: batch, key, line, state, haVipId, name, subnetId, privateIpAddress,
description, account, region, attempts, code, message, requestId, clientToken,
createdAt (when its HaVIP was recorded as created or adopted), updatedAt; with --attempts,
attemptLog as well; in review, candidates (the HaVIPs that may be its own).

A plan has for each row that needs attention: line, key, kind (conflict, failed, canceled,
adopt, fail or warning) and why; and also, except in csv, the counts: create, requeue,
running, done, failed, canceled, conflicts, adopt, fail, enqueue (what apply enqueues) and
warnings.

States: queued, sending, waiting, unknown, deleting; and finished: created, adopted,
rejected, review, canceled, deleted.
`)
}
