package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"havip/internal/spelling"
	"havip/ledger"
	"havip/tasks"
)

// Selection chooses items of a batch: those that meet all conditions. An empty one chooses every item.
type Selection []condition

// condition is that a field of an item has a value.
type condition struct{ field, value string }

// Fields are those that items can be chosen by.
var Fields = []string{"state", "code", "key", "account", "region", "subnetId", "class"}

// ParseSelection reads conditions such as "state=rejected".
func ParseSelection(wheres []string) (Selection, error) {
	var s Selection
	for _, where := range wheres {
		field, value, found := strings.Cut(where, "=")
		if !found || !slices.Contains(Fields, field) {
			return nil, fmt.Errorf("%q: must be FIELD=VALUE, where FIELD is one of %s%s",
				where, strings.Join(Fields, ", "), spelling.DidYouMean(field, "", Fields))
		}
		if field == "state" && !slices.Contains(ledger.States(), ledger.State(value)) {
			return nil, fmt.Errorf("%q: state %s", where, spelling.OneOf(value, ledger.States()))
		}
		if standing, given := s.value(field); given && standing != value {
			return nil, fmt.Errorf("%q: %s=%s is asked for as well, and no item has both", where, field, standing)
		}
		s = append(s, condition{field, value})
	}
	return s, nil
}

// value is the value that the selection requires of a field, if any.
func (s Selection) value(field string) (value string, given bool) {
	for _, c := range s {
		if c.field == field {
			return c.value, true
		}
	}
	return "", false
}

// names reports whether the selection has a condition on any of the fields.
func (s Selection) names(fields ...string) bool {
	return slices.ContainsFunc(s, func(c condition) bool { return slices.Contains(fields, c.field) })
}

// String is the selection as it was given.
func (s Selection) String() string {
	if len(s) == 0 {
		return "all items"
	}
	parts := make([]string, len(s))
	for i, c := range s {
		parts[i] = c.field + "=" + c.value
	}
	return strings.Join(parts, " ")
}

// matches reports whether the item is chosen. Its error says that the item's request cannot be read: the item
// is damaged.
func (s Selection) matches(item ledger.Item) (bool, error) {
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		return false, ledger.Unreadable(item.Batch, item.Key, err)
	}
	return !slices.ContainsFunc(s, func(c condition) bool { return fieldOf(item, request, c.field) != c.value }), nil
}

func fieldOf(item ledger.Item, request tasks.Request, field string) string {
	switch field {
	case "state":
		return string(item.Record.State)
	case "code":
		return item.Record.Code
	case "key":
		return item.Key
	case "account":
		return item.Account
	case "region":
		return item.Region
	case "class":
		return item.Record.Class
	default:
		return request.SubnetID
	}
}

// Items reads the chosen items of a batch, in its order; a selection by key reads that item only. A damaged item
// might be a chosen one: it is yielded as a [*ledger.UnreadableError], and the items after it follow.
func (s Selection) Items(ctx context.Context, l *ledger.Ledger, batch string) iter.Seq2[ledger.Item, error] {
	all := l.Items(ctx, batch)
	if key, given := s.value("key"); given {
		all = itemOf(ctx, l, batch, key)
	}
	return func(yield func(ledger.Item, error) bool) {
		for item, err := range all {
			matches := false
			if err == nil {
				matches, err = s.matches(item)
			}
			if (err != nil || matches) && !yield(item, err) {
				return
			}
		}
	}
}

// itemOf is the item of that key, or nothing.
func itemOf(ctx context.Context, l *ledger.Ledger, batch, key string) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		item, err := l.Item(ctx, batch, key)
		var missing *ledger.ItemNotFoundError
		if !errors.As(err, &missing) {
			yield(item, err)
		}
	}
}
