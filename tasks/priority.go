package tasks

import (
	"errors"
	"slices"

	"havip/ledger"
)

// Priority is how often workers take an item's task when a lane has tasks of several priorities. Each has a queue of its own
// in each lane. The zero value is [PriorityNormal].
type Priority string

// The priorities, by the values that users give. Of ten tasks, workers take six of high, three of normal and one of low
// priority while all wait: none starves another.
const (
	PriorityHigh   Priority = "high"
	PriorityNormal Priority = "normal"
	PriorityLow    Priority = "low"
)

// Priorities returns all priorities, the highest first.
func Priorities() []Priority { return []Priority{PriorityHigh, PriorityNormal, PriorityLow} }

const priorityRule = "must be high, normal or low"

// Set reads what a user gives. With String and Type, a priority is the value of a flag.
func (p *Priority) Set(s string) error {
	if !slices.Contains(Priorities(), Priority(s)) {
		return errors.New(priorityRule)
	}
	*p = Priority(s)
	return nil
}

func (p *Priority) String() string { return string(*p) }

// Type is shown in the help of the flag.
func (p *Priority) Type() string { return "priority" }

// Weight is the share of a lane's capacity, relative to the other priorities whose tasks wait.
func (p Priority) Weight() int {
	switch p {
	case PriorityHigh:
		return 6
	case PriorityLow:
		return 1
	default:
		return 3
	}
}

// Queue returns the name of the lane's asynq queue for tasks of normal priority. A producer in another language may use any
// of the lane's queues; see [Lane.QueueOf].
func (l Lane) Queue() string { return "havip." + l.Account + "." + l.Region }

// QueueOf returns the name of the lane's queue for a priority: that of [Lane.Queue], or it with ".high" or ".low".
func (l Lane) QueueOf(p Priority) string {
	if p == "" || p == PriorityNormal {
		return l.Queue()
	}
	return l.Queue() + "." + string(p)
}

// Queues returns the names of all queues of the lane with their weights.
func (l Lane) Queues() map[string]int {
	all := map[string]int{}
	for _, p := range Priorities() {
		all[l.QueueOf(p)] = p.Weight()
	}
	return all
}

// priorityOf returns the priority of the lane's queue with this name.
func (l Lane) priorityOf(queue string) Priority {
	for _, p := range Priorities() {
		if l.QueueOf(p) == queue {
			return p
		}
	}
	return PriorityNormal
}

// LaneOf returns an item's lane.
func LaneOf(item ledger.Item) Lane { return Lane{Account: item.Account, Region: item.Region} }

// QueueOf returns the name of the queue of an item's task.
func QueueOf(item ledger.Item) string { return LaneOf(item).QueueOf(Priority(item.Priority)) }

// queue returns the name of the queue of the item's task.
func (it Item) queue() string {
	return Lane{Account: it.Account, Region: it.Region}.QueueOf(it.Priority)
}

// stored returns the priority as the ledger keeps it: nothing for the usual one.
func stored(p Priority) string {
	if p == PriorityNormal {
		return ""
	}
	return string(p)
}
