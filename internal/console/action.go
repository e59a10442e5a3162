package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"havip/internal/bulk"
	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/session"
	"havip/ledger"
	"havip/tasks"
)

// action is something that an operator does: its subject is a batch, some of its items, or a lane.
type action struct {
	// Op is the operation, such as cancel; of is what it is done to: items, batch or lane.
	Op, of string
	// Title, Effect and Button are texts of the confirmation. Effect says what happens.
	Title, Effect, Button string
	// Danger marks what cannot be undone.
	Danger bool
	bulk   func() bulk.Operation
}

// The operations that resolve the review of one item.
const (
	opAdopt   = "adopt"
	opExclude = "exclude"
)

// The subjects of actions.
const (
	ofItems = "items"
	ofBatch = "batch"
	ofLane  = "lane"
)

var actions = []action{
	{
		Op: "retry", of: ofItems, bulk: bulk.Retry, Title: "Retry items", Button: "Retry",
		Effect: "Rejected items start again with their next clientToken; items in review are looked up first; items that wait run now.",
	},
	{
		Op: "cancel", of: ofItems, bulk: bulk.Cancel, Title: "Cancel items", Button: "Cancel the items", Danger: true,
		Effect: "Items that are not created yet are canceled. Where a request may have had an effect, its outcome decides; no HaVIP is left without a record.",
	},
	{
		Op: "rollback", of: ofItems, bulk: bulk.Rollback, Title: "Roll back items", Button: "Delete the HaVIPs", Danger: true,
		Effect: "The HaVIPs that these items created are deleted. This cannot be undone. Adopted HaVIPs, and those bound to an instance, stay.",
	},
	{
		Op: opAdopt, of: ofItems, Title: "Choose the HaVIP of the item", Button: "Record it as the item's",
		Effect: "The item gets this HaVIP, and its state becomes adopted. Nothing is sent to BCE.",
	},
	{
		Op: opExclude, of: ofItems, Title: "Exclude the candidates", Button: "None is the item's",
		Effect: "None of these HaVIPs belongs to the item. It is looked up without them; if no other exists, its HaVIP is created.",
	},
	{
		Op: "pause", of: ofBatch, Title: "Pause the batch", Button: "Pause",
		Effect: "None of its items are started. Requests in flight and unknown outcomes are still resolved.",
	},
	{
		Op: "resume", of: ofBatch, Title: "Resume the batch", Button: "Resume",
		Effect: "Its items are started again. Failures that paused it no longer count towards its limit.",
	},
	{
		Op: "pause-lane", of: ofLane, Title: "Pause the lane", Button: "Pause",
		Effect: "Within a second, no worker starts anything new in it. Requests in flight finish and are recorded.",
	},
	{
		Op: "resume-lane", of: ofLane, Title: "Resume the lane", Button: "Resume",
		Effect: "All workers continue within two seconds. If BCE's errors have suspended it, it stays suspended.",
	},
	{
		Op: "limit", of: ofLane, Title: "Limit the lane", Button: "Set the limit",
		Effect: "The rate applies to all workers together, within two seconds. 0 means no limit; an empty rate restores the workers' own.",
	},
}

// order is an action with its subject.
type order struct {
	action
	Batch  string
	Where  bulk.Selection
	Wheres []string
	Lane   tasks.Lane
	// RPS is for a limit, as it was given.
	RPS string
	// HaVIPID is the candidate that is chosen.
	HaVIPID string
}

// Of is the name of the subject.
func (o order) Of() string {
	if o.of == ofLane {
		return o.Lane.String()
	}
	return o.Batch
}

// Back is the page of the subject.
func (o order) Back(v *visit) string {
	if o.of == ofLane {
		return "/lanes"
	}
	return v.URL("/batch", "name", o.Batch)
}

// OfItems reports whether the order is about items.
func (o order) OfItems() bool { return o.of == ofItems }

// Limits reports whether the order sets a rate.
func (o order) Limits() bool { return o.Op == "limit" }

// refusal is why an order is refused, for the person who gave it.
type refusal string

func (r refusal) Error() string { return string(r) }

// orderOf reads an order from the parameters of a request.
func orderOf(r *http.Request) (o order, err error) {
	i := slices.IndexFunc(actions, func(a action) bool { return a.Op == r.FormValue("op") })
	if i < 0 {
		return o, errNotFound
	}
	o = order{action: actions[i], Batch: r.FormValue("batch"), RPS: strings.TrimSpace(r.FormValue("rps"))}
	if o.of == ofLane {
		if o.Lane, err = tasks.ParseLane(r.FormValue("lane")); err != nil {
			return o, errNotFound
		}
		return o, nil
	}
	for _, where := range r.Form["where"] {
		if field, value, _ := strings.Cut(where, "="); field != "" && value != "" {
			o.Wheres = append(o.Wheres, where)
		}
	}
	if o.Where, err = bulk.ParseSelection(o.Wheres); err != nil {
		return o, refusal(err.Error())
	}
	return o, o.choose(r.FormValue("havip"))
}

// choose completes an order that resolves a review: it is about one item.
func (o *order) choose(haVIPID string) error {
	if o.Op != opAdopt && o.Op != opExclude {
		return nil
	}
	if !slices.ContainsFunc(o.Wheres, func(where string) bool { return strings.HasPrefix(where, "key=") }) || (o.Op == opAdopt) != (haVIPID != "") {
		return errNotFound
	}
	o.HaVIPID, o.bulk = haVIPID, func() bulk.Operation { return bulk.Resolve(haVIPID) }
	return nil
}

// forecast counts what the order would do. Where counters cannot tell, it reads the items.
func (o order) forecast(ctx context.Context, s *session.Session, b ledger.Batch) (*bulk.Tally, error) {
	operation := o.bulk()
	if plan, ok := operation.Forecast(b, o.Where); ok {
		return plan, nil
	}
	return operation.Plan(ctx, s.Ledger, o.Batch, o.Where)
}

// limit sets or removes the rate of the lane.
func (o order) limit(ctx context.Context, s *session.Session, reason string) error {
	operator := lane.NewOperator(s.Redis, o.Lane.String())
	if o.RPS == "" {
		_, err := operator.UnsetLimit(ctx, s.LaneAct(reason))
		return err
	}
	rps, err := strconv.ParseFloat(o.RPS, 64)
	if err == nil {
		err = lane.CheckRPS(rps)
	}
	if err != nil {
		return refusal(fmt.Sprintf("%s: %v", o.RPS, err))
	}
	_, err = operator.SetLimit(ctx, rps, s.LaneAct(reason))
	return err
}

// author is who acts, for the events.
func author(who identity) string { return who.Name + " via console@" + cli.Hostname() }
