// Package plan tells what applying a file would do, before it is done.
//
// # Comparing
//
// A [Planner] compares rows with the ledger, and says of each what apply would do with it: an
// [Action]. With a [Survey] it compares those that are still to be created with BCE as well, and says
// of a row that needs a person's eyes why: a [Concern]. It reads only. Rows are streamed, and what is
// kept of them are [Counts] and a number a subnet; what is kept of BCE is an index of each lane's
// listing.
//
// What BCE says is of one moment, and a forecast: it neither adds a row to what apply does nor takes
// one away.
//
// # Saved plans
//
// A plan can be saved ([Save]) and applied as it is ([Open]). It holds the rows themselves, so that
// what is applied is what was looked at, whatever became of the file. [Stale] says of a row whether
// the ledger still stands to it as the plan says. See docs/decisions/0010-saved-plans.md.
package plan
