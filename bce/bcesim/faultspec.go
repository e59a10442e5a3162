package bcesim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFaults reads a compact list of rules and at most one seed, separated by commas:
//
//	seed=7,create:commit-500=0.1,create:stall-before=0.05:2s,*:429=0.02
//
// A rule is OPERATION:FAULT[=WHEN][:ARGUMENT]. WHEN is a probability (0.1), the number of
// one call (#3) or a count of calls to come (x5); without it every call is hit. The empty
// text means no faults. Errors quote the rule and name the invalid part; see [FaultHelp].
func ParseFaults(spec string) (Faults, error) {
	var faults Faults
	for text := range strings.SplitSeq(spec, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if seed, found := strings.CutPrefix(text, "seed="); found {
			n, err := strconv.ParseUint(seed, 10, 64)
			if err != nil {
				return Faults{}, fmt.Errorf("fault %q: seed %q: want a whole number", text, seed)
			}
			faults.Seed = n
			continue
		}
		rule, err := parseRule(text)
		if err != nil {
			return Faults{}, fmt.Errorf("fault %q: %w", text, err)
		}
		faults.Rules = append(faults.Rules, rule)
	}
	return faults, nil
}

func parseRule(text string) (Rule, error) {
	operation, rest, found := strings.Cut(text, ":")
	if !found {
		return Rule{}, errors.New("want OPERATION:FAULT[=WHEN][:ARGUMENT]")
	}
	head, arg, hasArg := strings.Cut(rest, ":")
	kind, when, hasWhen := strings.Cut(head, "=")
	rule := Rule{Operation: Operation(operation), Kind: FaultKind(kind)}
	if rule.Operation != AnyOperation && !rule.Operation.known() {
		return rule, fmt.Errorf("no such operation %q; there are %s", operation, operationNames())
	}
	takes, known := rule.Kind.argument()
	if !known {
		return rule, fmt.Errorf("no such fault %q; there are %s", kind, faultNames())
	}
	if hasWhen {
		if err := rule.parseWhen(when); err != nil {
			return rule, err
		}
	}
	if err := rule.parseArgument(takes, arg, hasArg); err != nil {
		return rule, err
	}
	return rule, rule.validate()
}

func (r *Rule) parseWhen(when string) (err error) {
	switch {
	case strings.HasPrefix(when, "#"):
		r.Number, err = strconv.ParseInt(when[1:], 10, 64)
		if err != nil || r.Number < 1 {
			return fmt.Errorf("call %q: want # and a number from 1", when)
		}
	case strings.HasPrefix(when, "x"):
		r.Next, err = strconv.ParseInt(when[1:], 10, 64)
		if err != nil || r.Next < 1 {
			return fmt.Errorf("count %q: want x and a number from 1", when)
		}
	default:
		r.Probability, err = strconv.ParseFloat(when, 64)
		if err != nil || !(r.Probability > 0 && r.Probability <= 1) {
			return fmt.Errorf("when %q: want a probability above 0 and up to 1, #N or xN", when)
		}
	}
	return nil
}

func (r *Rule) parseArgument(takes argument, arg string, given bool) (err error) {
	switch takes {
	case noArgument:
		if given {
			return fmt.Errorf("%s takes no argument, got %q", r.Kind, arg)
		}
	case durationRequired, durationOptional:
		if !given {
			if takes == durationRequired {
				return fmt.Errorf("%s takes a duration, as in %s:2s", r.Kind, r.Kind)
			}
			return nil
		}
		if r.Duration, err = time.ParseDuration(arg); err != nil || r.Duration == 0 {
			return fmt.Errorf("duration %q: want a form such as 2s", arg)
		}
	case statusAndCode:
		status, code, _ := strings.Cut(arg, "/")
		if r.Status, err = strconv.Atoi(status); err != nil || code == "" {
			return fmt.Errorf("answer %q: want STATUS/CODE, as in 403/AccessDenied", arg)
		}
		r.Code = code
	}
	return nil
}

// String is the rule as [ParseFaults] reads it.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(string(r.Operation) + ":" + string(r.Kind))
	switch {
	case r.Number > 0:
		b.WriteString("=#" + strconv.FormatInt(r.Number, 10))
	case r.Next > 0:
		b.WriteString("=x" + strconv.FormatInt(r.Next, 10))
	case r.Probability != 0:
		b.WriteString("=" + strconv.FormatFloat(r.Probability, 'g', -1, 64))
	}
	switch {
	case r.Status != 0:
		fmt.Fprintf(&b, ":%d/%s", r.Status, r.Code)
	case r.Duration != 0:
		b.WriteString(":" + r.Duration.String())
	}
	return b.String()
}

// String is the faults as [ParseFaults] reads them.
func (f Faults) String() string {
	var parts []string
	if f.Seed != 0 {
		parts = append(parts, "seed="+strconv.FormatUint(f.Seed, 10))
	}
	for _, rule := range f.Rules {
		parts = append(parts, rule.String())
	}
	return strings.Join(parts, ",")
}

// FaultHelp lists the faults and the form of a spec, for a program's help.
func FaultHelp() string {
	var b strings.Builder
	b.WriteString("OPERATION:FAULT[=WHEN][:ARGUMENT],… and seed=N\n")
	b.WriteString("WHEN is a probability (0.1), the number of one call (#3) or a count of calls (x5); without it, every call.\n")
	b.WriteString("Operations: " + operationNames() + ".\nFaults:\n")
	forms := map[argument]string{durationRequired: ":DURATION", durationOptional: "[:DURATION]", statusAndCode: ":STATUS/CODE"}
	for _, known := range faultKinds {
		fmt.Fprintf(&b, "  %-24s %s\n", string(known.kind)+forms[known.argument], known.help)
	}
	return b.String()
}

func operationNames() string {
	names := []string{}
	for _, op := range Operations() {
		names = append(names, string(op))
	}
	return strings.Join(append(names, string(AnyOperation)), ", ")
}

func faultNames() string {
	names := make([]string, len(faultKinds))
	for i, known := range faultKinds {
		names[i] = string(known.kind)
	}
	return strings.Join(names, ", ")
}
