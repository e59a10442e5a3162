// Package plan computes what applying a file would do.
//
// # Comparing
//
// A [Planner] compares rows with the ledger and computes what apply would do with each: an [Action].
// With a [Survey], it also compares rows that are still to be created with BCE. A row that needs
// attention gets a [Concern]. A Planner only reads. Rows are streamed; in memory are [Counts], a
// number per subnet, and an index of each lane's listing.
//
// BCE's data is a snapshot and only a forecast: it does not change which rows apply enqueues.
//
// # Saved plans
//
// A plan can be saved ([Save]) and applied unchanged ([Open]). It contains the rows, so that what was
// reviewed is applied even if the file has changed. [Stale] says whether the ledger has changed for a
// row. See docs/decisions/0010-saved-plans.md.
package plan
