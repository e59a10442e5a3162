package main

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"havip/internal/cli"
	"havip/internal/spelling"
	"havip/ledger"
	"havip/tasks"
)

// selection chooses items of a batch: all of its conditions must hold. An empty one chooses all.
type selection []condition

// condition is that a field of an item has a value.
type condition struct{ field, value string }

// selectable are the fields that items can be chosen by.
var selectable = []string{"state", "code", "key", "account", "region", "subnetId", "class"}

// parseSelection reads the values of --where.
func parseSelection(wheres []string) (selection, error) {
	var s selection
	for _, where := range wheres {
		field, value, found := strings.Cut(where, "=")
		if !found || !slices.Contains(selectable, field) {
			return nil, cli.Failf(cli.ExitUsage, "--where %q: must be FIELD=VALUE, where FIELD is one of %s%s",
				where, strings.Join(selectable, ", "), spelling.DidYouMean(field, "", selectable))
		}
		if field == "state" && !slices.Contains(stateNames(), value) {
			return nil, cli.Failf(cli.ExitUsage, "--where %q: state %s", where, spelling.OneOf(value, stateNames()))
		}
		if standing, given := s.value(field); given && standing != value {
			return nil, cli.Failf(cli.ExitUsage, "--where %q: %s=%s is asked for as well, and no item has both", where, field, standing)
		}
		s = append(s, condition{field, value})
	}
	return s, nil
}

// value is what the selection asks of a field, if it does.
func (s selection) value(field string) (value string, given bool) {
	for _, c := range s {
		if c.field == field {
			return c.value, true
		}
	}
	return "", false
}

// names reports whether the selection asks for any of the fields.
func (s selection) names(fields ...string) bool {
	return slices.ContainsFunc(s, func(c condition) bool { return slices.Contains(fields, c.field) })
}

// String is the selection as it was asked for.
func (s selection) String() string {
	if len(s) == 0 {
		return "all items"
	}
	parts := make([]string, len(s))
	for i, c := range s {
		parts[i] = c.field + "=" + c.value
	}
	return strings.Join(parts, " ")
}

func (s selection) matches(item ledger.Item) (bool, error) {
	for _, c := range s {
		value, err := fieldOf(item, c.field)
		if err != nil || value != c.value {
			return false, err
		}
	}
	return true, nil
}

func fieldOf(item ledger.Item, field string) (string, error) {
	switch field {
	case "state":
		return string(item.Record.State), nil
	case "code":
		return item.Record.Code, nil
	case "key":
		return item.Key, nil
	case "account":
		return item.Account, nil
	case "region":
		return item.Region, nil
	case "class":
		return item.Record.Class, nil
	default:
		request, err := tasks.RequestOf(item.Spec)
		return request.SubnetID, err
	}
}

// selected reads the chosen items of a batch, in its order. A key that is asked for is read by itself.
func (s *session) selected(ctx context.Context, batch string, chosen selection) iter.Seq2[ledger.Item, error] {
	all := s.ledger.Items(ctx, batch)
	if key, given := chosen.value("key"); given {
		all = func(yield func(ledger.Item, error) bool) {
			item, err := s.ledger.Item(ctx, batch, key)
			var missing *ledger.ItemNotFoundError
			if !errors.As(err, &missing) {
				yield(item, err)
			}
		}
	}
	return func(yield func(ledger.Item, error) bool) {
		for item, err := range all {
			matches := false
			if err == nil {
				matches, err = chosen.matches(item)
			}
			if (err != nil || matches) && !yield(item, err) {
				return
			}
		}
	}
}
