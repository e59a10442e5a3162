package plan

import (
	"fmt"

	"havip/ledger"
	"havip/tasks"
)

// Kind is what kind of attention a row needs. The words are a contract.
type Kind string

// The kinds. The last three come of a comparison with BCE.
const (
	// InConflict: the file cannot be applied while it stands so.
	InConflict Kind = "conflict"
	// Duplicated: an item of another batch has the same request. The file cannot be applied unless duplicates are allowed,
	// and then it is a [Warning].
	Duplicated Kind = "duplicate"
	// FailedBefore and CanceledBefore: apply leaves it alone; retry does not.
	FailedBefore   Kind = "failed"
	CanceledBefore Kind = "canceled"
	// DeletedBefore: apply leaves it alone, and so does retry.
	DeletedBefore Kind = "deleted"
	// WouldAdopt: it is in doubt, and the HaVIP that is its own exists.
	WouldAdopt Kind = "adopt"
	// WouldFail: as things stand, BCE would refuse it, or a person would have to decide.
	WouldFail Kind = "fail"
	// Warning: it would be created, and that may not be what is meant.
	Warning Kind = "warning"
)

// Concern is why a row needs attention; the zero Concern is that it needs none.
type Concern struct {
	Kind Kind
	Why  string
}

func concern(kind Kind, format string, args ...any) Concern {
	return Concern{Kind: kind, Why: fmt.Sprintf(format, args...)}
}

// standing is what the ledger alone has to say about a row.
func standing(action Action, c tasks.Comparison) (Concern, error) {
	switch action {
	case Conflict:
		text, err := ConflictText(c)
		return concern(InConflict, "conflict: %s", text), err
	case Duplicate:
		return concern(Duplicated, "duplicate: %s", c.Duplicate.Why()), nil
	case Create:
		if c.Duplicate != nil {
			return concern(Warning, "%s; a second one would be created", c.Duplicate.Why()), nil
		}
		return Concern{}, nil
	case Failed:
		return concern(FailedBefore, "%s before; see `enqueue results`", c.State), nil
	case Canceled:
		return concern(CanceledBefore, "canceled before; `enqueue retry` takes it up again with --where state=canceled"), nil
	case Deleted:
		return concern(DeletedBefore, "created and rolled back before; give it another key, or the file another batch with --batch, to create it again"), nil
	default:
		return Concern{}, nil
	}
}

// ConflictText says what a row conflicts with, and what to do if that is its lane.
func ConflictText(c tasks.Comparison) (string, error) {
	conflict, err := tasks.ConflictOf(c)
	if err != nil || conflict.TokenOwner != nil {
		return conflict.Why(), err
	}
	return conflict.Why() + otherLane(*c.Existing, conflict.Differences), nil
}

// otherLane is what to do about a row that differs in nothing but its lane: more often than the row,
// the shell that it is applied from is another.
func otherLane(standing ledger.Spec, differences []tasks.Difference) string {
	advice := ""
	for _, d := range differences {
		switch d.Field {
		case "region":
			advice = fmt.Sprintf("; rows that name no region get that of --region or BCE_REGION: pass --region %s if it is meant", standing.Region)
		case "account":
			if advice == "" {
				advice = fmt.Sprintf("; a row that names no account gets %q, and needs the column to be another's", tasks.DefaultAccount)
			}
		default:
			return ""
		}
	}
	return advice
}
