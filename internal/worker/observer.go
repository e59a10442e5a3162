package worker

import (
	"time"

	"havip/tasks"
)

// Observer is notified of what a worker does, for metrics. Its methods may be called concurrently, and must return at once.
type Observer interface {
	// Attempted is called after each attempt.
	Attempted(a tasks.Attempted)
	// Suspended is called when a request suspends its lane or subnet.
	Suspended(l tasks.Lane, code string)
	// Heartbeat is called after each heartbeat, with the duration of its round trip to Redis.
	Heartbeat(took time.Duration, err error)
	// Repaired is called after this worker repaired n tasks or items.
	Repaired(what Repair, n int)
}

// Repair says what a worker has repaired.
type Repair string

// The repairs.
const (
	// RepairRescue: an item of a dead worker was requeued.
	RepairRescue Repair = "rescued_item"
	// RepairLost: an item had no task that would run.
	RepairLost Repair = "lost_task"
	// RepairOrphan: no worker ran an active task.
	RepairOrphan Repair = "orphaned_task"
	// RepairArchived: asynq had archived the task of an unfinished or finished item.
	RepairArchived Repair = "archived_task"
	// RepairDangling: an ID had no task.
	RepairDangling Repair = "dangling_id"
	// RepairNotice: no worker delivered a notification that a worker had taken.
	RepairNotice Repair = "orphaned_notification"
	// RepairAck: Redis had executed an ack whose reply was lost.
	RepairAck Repair = "lost_ack"
)

// Repairs lists every repair.
func Repairs() []Repair {
	return []Repair{RepairRescue, RepairLost, RepairOrphan, RepairArchived, RepairDangling, RepairNotice, RepairAck}
}

// noObserver ignores everything.
type noObserver struct{}

func (noObserver) Attempted(tasks.Attempted)      {}
func (noObserver) Suspended(tasks.Lane, string)   {}
func (noObserver) Heartbeat(time.Duration, error) {}
func (noObserver) Repaired(Repair, int)           {}
