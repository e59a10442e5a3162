package plan

import (
	"fmt"
	"slices"
	"strings"

	"havip/internal/shell"
	"havip/ledger"
	"havip/tasks"
)

// Kind says why a row needs attention. The values are a contract.
type Kind string

// The kinds. The last three result from a comparison with BCE.
const (
	// InConflict: the file cannot be applied with this row.
	InConflict Kind = "conflict"
	// Duplicated: an item of another batch, or of a deleted one, has the same request. The file cannot be applied unless
	// duplicates are allowed, and then it is a [Warning].
	Duplicated Kind = "duplicate"
	// FailedBefore and CanceledBefore: apply leaves it alone; retry does not.
	FailedBefore   Kind = "failed"
	CanceledBefore Kind = "canceled"
	// DeletedBefore: apply leaves it alone, and so does retry.
	DeletedBefore Kind = "deleted"
	// WouldAdopt: its outcome is unknown, and its HaVIP exists.
	WouldAdopt Kind = "adopt"
	// WouldFail: BCE would refuse it at present, or it would need review.
	WouldFail Kind = "fail"
	// Warning: it would be created, and that may not be what is meant.
	Warning Kind = "warning"
)

// Concern is why a row needs attention; the zero Concern means that it needs none.
type Concern struct {
	Kind Kind
	Why  string
}

func concern(kind Kind, format string, args ...any) Concern {
	return Concern{Kind: kind, Why: fmt.Sprintf(format, args...)}
}

// maxNamed limits the batches that a remedy names.
const maxNamed = 3

// DuplicateRemedy says what to do about [Duplicated] rows: use the batch of the other item or, if its record was deleted,
// record its HaVIP again.
func DuplicateRemedy(others ...tasks.Duplicate) string {
	var kept, deleted []string
	for _, other := range others {
		batches := &kept
		if other.BatchDeleted {
			batches = &deleted
		}
		if !slices.Contains(*batches, other.Batch) {
			*batches = append(*batches, other.Batch)
		}
	}
	var remedies []string
	switch len(kept) {
	case 0:
	case 1:
		remedies = append(remedies, "to use that batch, pass --batch "+shell.Quote(kept[0]))
	default:
		remedies = append(remedies, "to use one of these batches, pass it with --batch: "+named(kept))
	}
	switch len(deleted) {
	case 0:
	case 1:
		remedies = append(remedies, "to record its HaVIP again, run `enqueue import "+shell.Operand(deleted[0])+" FILE`")
	default:
		remedies = append(remedies, "to record the HaVIPs of these batches again, run `enqueue import` for each: "+named(deleted))
	}
	text := strings.Join(append(remedies, "to create another HaVIP, pass --allow-duplicates"), "; ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// named lists batches.
func named(batches []string) string {
	words := make([]string, 0, maxNamed+1)
	for i, batch := range batches {
		if i == maxNamed {
			words = append(words, fmt.Sprintf("and %d more", len(batches)-maxNamed))
			break
		}
		words = append(words, shell.Quote(batch))
	}
	return strings.Join(words, ", ")
}

// ledgerConcern returns the concern that follows from the ledger alone.
func ledgerConcern(batch string, action Action, c tasks.Comparison) (Concern, error) {
	switch action {
	case Conflict:
		text, err := ConflictText(c)
		return concern(InConflict, "conflict: %s", text), err
	case Duplicate:
		return concern(Duplicated, "duplicate: %s", c.Duplicate.Why()), nil
	case Create:
		if c.Duplicate != nil && c.Duplicate.SameBatch {
			return concern(Warning, "%s; applying this row creates a second HaVIP. If only the key has changed, give the row its old key %q",
				c.Duplicate.Why(), c.Duplicate.Key), nil
		}
		if c.Duplicate != nil {
			return concern(Warning, "%s; applying this row creates a second HaVIP", c.Duplicate.Why()), nil
		}
		return Concern{}, nil
	case Failed:
		return concern(FailedBefore, "%s before; see `enqueue results %s`", c.State, shell.Operand(batch)), nil
	case Canceled:
		return concern(CanceledBefore, "canceled before; to retry it, run `enqueue retry %s`", shell.Operand(batch, "--where", "state=canceled")), nil
	case Deleted:
		return concern(DeletedBefore, "created and rolled back before; to create it again, give the row another key, or pass another --batch"), nil
	default:
		return Concern{}, nil
	}
}

// ConflictText describes a row's conflict, and what to do if only the lane differs.
func ConflictText(c tasks.Comparison) (string, error) {
	conflict, err := tasks.ConflictOf(c)
	if err != nil || conflict.TokenOwner != nil {
		return conflict.Why(), err
	}
	return conflict.Why() + otherLane(*c.Existing, conflict.Differences), nil
}

// otherLane returns what to do about a row of which only the lane differs. Usually the shell's default
// region has changed, not the row.
func otherLane(standing ledger.Spec, differences []tasks.Difference) string {
	advice := ""
	for _, d := range differences {
		switch d.Field {
		case "region":
			advice = "; a row without a region gets the one of --region or BCE_REGION; to match the existing items, pass --region " + standing.Region
		case "account":
			if advice == "" {
				advice = fmt.Sprintf("; a row without an account gets %q; for another one, add the column account", tasks.DefaultAccount)
			}
		default:
			return ""
		}
	}
	return advice
}
