// Package lanefile reads the YAML file that says which lanes a worker serves, and where their credentials are.
package lanefile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"havip/bce"
	"havip/internal/until"
	"havip/tasks"
)

// File is the content of a file. It has no secrets.
type File struct {
	// Accounts are by name, as items name them.
	Accounts map[string]Account `yaml:"accounts"`
}

// Account is one account of BCE. Without Profile, File and Role, its credentials are those of an account that no file
// describes.
type Account struct {
	// Profile is a profile's name in File, which has bce-cli's format; "" means ~/.bce/config.json.
	Profile string `yaml:"profile"`
	File    string `yaml:"file"`
	// Endpoint replaces the regions' public ones.
	Endpoint string `yaml:"endpoint"`
	Role     *Role  `yaml:"role"`
	// Regions are those in which the account's items are created.
	Regions map[string]Region `yaml:"regions"`
}

// Role is a role that is assumed with the credentials of another account of the file.
type Role struct {
	// Account is the ID of the account that has the role, and Name the role's name.
	Account string `yaml:"account"`
	Name    string `yaml:"name"`
	// By is the account, by its name in the file, whose credentials assume the role; "" means the default one.
	By string `yaml:"by"`
	// Duration is how long the temporary credentials are valid, 0 for BCE's default.
	Duration time.Duration `yaml:"duration"`
	// Endpoint is that of the security token service, "" for BCE's.
	Endpoint string `yaml:"endpoint"`
}

// Region has the settings of one lane; what is missing is as without a file.
type Region struct {
	// RPS is the limit of its rate in requests a second, 0 for none.
	RPS *float64 `yaml:"rps"`
	// Concurrency is how many items are in flight; 0 if it is missing.
	Concurrency int `yaml:"concurrency"`
}

// Read reads a file unless ctx ends first. Errors name file, line and field.
func Read(ctx context.Context, path string) (File, error) {
	text, err := until.ReadFile(ctx, path)
	if err != nil {
		return File{}, err // it names the file
	}
	file, err := Parse(text)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Parse reads a file's content.
func Parse(text []byte) (File, error) {
	var file File
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		return File{}, explain(err)
	}
	var document yaml.Node
	if err := yaml.Load(text, &document); err != nil {
		return File{}, explain(err)
	}
	c := checker{document: &document}
	c.check(file)
	if len(c.faults) > 0 {
		return File{}, errors.Join(c.faults...)
	}
	return file, nil
}

// explain returns all that the parser found, with the lines.
func explain(err error) error {
	var many *yaml.LoadErrors
	if !errors.As(err, &many) {
		return at(err)
	}
	faults := make([]error, 0, len(many.Errors))
	for _, fault := range many.Errors {
		faults = append(faults, at(fault))
	}
	return errors.Join(faults...)
}

// unknownField matches the parser's message about a name that is no field, which names a Go type.
var unknownField = regexp.MustCompile(`^field (.*) not found in type .*$`)

// at returns the parser's error with its line.
func at(err error) error {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return fmt.Errorf("is not YAML: %w", err)
	}
	message := strings.TrimPrefix(one.Message, "yaml: ")
	if match := unknownField.FindStringSubmatch(message); match != nil {
		message = fmt.Sprintf("there is no field %q here", match[1])
	}
	return fmt.Errorf("line %d: %s", max(one.Mark.Line, 1), message)
}

// Lanes returns the lanes, sorted by account and region.
func (f File) Lanes() []tasks.Lane {
	var lanes []tasks.Lane
	for _, account := range slices.Sorted(maps.Keys(f.Accounts)) {
		for _, region := range slices.Sorted(maps.Keys(f.Accounts[account].Regions)) {
			lanes = append(lanes, tasks.Lane{Account: account, Region: region})
		}
	}
	return lanes
}

// Settings returns the settings of a lane; ok is false if the file does not have it.
func (f File) Settings(lane tasks.Lane) (r Region, ok bool) {
	r, ok = f.Accounts[lane.Account].Regions[lane.Region]
	return r, ok
}

// checker finds what is wrong with a file that has the right fields.
type checker struct {
	document *yaml.Node
	faults   []error
}

// report adds a fault of the value at a path of names.
func (c *checker) report(path []string, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("line %d: %s: %s", lineOf(c.document, path), strings.Join(path, "."), fmt.Sprintf(format, args...)))
}

func (c *checker) check(f File) {
	if len(f.Lanes()) == 0 {
		c.faults = append(c.faults, errors.New("has no lane; give an account regions, such as accounts: {default: {regions: {bj: {rps: 5}}}}"))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Accounts)) {
		account, path := f.Accounts[name], []string{"accounts", name}
		if account.Role != nil {
			c.checkRole(f, account, append(path, "role"))
		}
		for _, region := range slices.Sorted(maps.Keys(account.Regions)) {
			c.checkRegion(tasks.Lane{Account: name, Region: region}, account.Regions[region], append(path, "regions", region))
		}
	}
}

func (c *checker) checkRole(f File, account Account, path []string) {
	role := *account.Role
	by := role.Assumer()
	switch assumer, described := f.Accounts[by]; {
	case account.Profile != "" || account.File != "":
		c.report(path, "an account has a role, or a profile; give one of them")
	case role.Account == "" || role.Name == "":
		c.report(path, "account and name are required: the ID of the account that has the role, and the role's name")
	case role.Duration != 0 && role.Duration < bce.MinRoleDuration:
		c.report(append(path, "duration"), "%s: must be at least %s", role.Duration, bce.MinRoleDuration)
	case !described && by != tasks.DefaultAccount:
		c.report(append(path, "by"), "account %q is not in this file", by)
	case assumer.Role != nil:
		c.report(append(path, "by"), "account %q has a role itself; name one with an access key", by)
	}
}

// Assumer returns the name of the account whose credentials assume the role.
func (r Role) Assumer() string {
	if r.By == "" {
		return tasks.DefaultAccount
	}
	return r.By
}

func (c *checker) checkRegion(lane tasks.Lane, r Region, path []string) {
	if _, err := tasks.ParseLane(lane.String()); err != nil {
		c.report(path, "%v", err)
	}
	if r.RPS != nil && (!(*r.RPS >= 0) || math.IsInf(*r.RPS, 1)) { // also refuses NaN
		c.report(append(path, "rps"), "%g: must be a number of at least 0; 0 means no limit", *r.RPS)
	}
	if r.Concurrency < 0 {
		c.report(append(path, "concurrency"), "%d: must be at least 1", r.Concurrency)
	}
}

// lineOf returns the line of the name at the end of a path, or of the last one that the file has.
func lineOf(node *yaml.Node, path []string) int {
	line := max(node.Line, 1)
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, name := range path {
		var value *yaml.Node
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				line, value = node.Content[i].Line, node.Content[i+1]
			}
		}
		if value == nil {
			break
		}
		node = value
	}
	return line
}
