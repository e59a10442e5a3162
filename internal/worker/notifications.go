package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/notify"
	"havip/internal/queue"
	"havip/internal/redisconn"
	"havip/ledger"
)

// notificationsPerRound bounds how many batches one round checks for pending notifications.
const notificationsPerRound = 200

// Webhook says where a worker may send notifications of completed batches, and with which secrets. A worker
// without a secret or an allowed host sends none.
type Webhook struct {
	Hosts   notify.Hosts
	Secrets notify.Secrets
}

// Serves reports whether the worker sends notifications.
func (w Webhook) Serves() bool { return w.Hosts.Any() && w.Secrets.Any() }

// notifier is the part of a worker that delivers notifications of completed batches.
type notifier struct {
	sender  *notify.Sender
	servers *queueServers
}

// newNotifier returns a notifier whose server sleeps, or nil if this worker sends none.
func newNotifier(c Config) *notifier {
	if !c.Webhook.Serves() {
		return nil
	}
	log := c.Logger.With().Str("component", "notices").Logger()
	sender := notify.NewSender(c.Webhook.Hosts, c.Webhook.Secrets)
	log.Info().Str("queue", notify.Queue).Msg("delivering notifications")
	return &notifier{sender: sender, servers: &queueServers{
		queues: []string{notify.Queue}, handler: notify.NewHandler(ledger.New(c.Redis), sender, log),
		create: func() (*redisconn.QueueClient, []*asynq.Server) {
			rdb := redisconn.NewQueueClient(redisconn.Full(c.Redis), c.taskCheck*3/4)
			return rdb, []*asynq.Server{notify.NewServer(rdb, c.Grace, asynqLogger{log, c.outage})}
		},
	}}
}

// close closes the connections to receivers, after the servers have stopped. It may be called on nil.
func (c *notifier) close() {
	if c != nil {
		c.sender.Close()
	}
}

// noticeMaintenance is the progress of the maintenance of pending notifications. The script that completes
// a batch records the pending notification in the ledger. Only this code ensures that it has a task; so a
// worker that died, a flushed queue and a day without workers need no special handling.
type noticeMaintenance struct {
	queue *queue.Tasks
	// rank is where the scan of the active batches continues.
	rank int64
	// suspects are active tasks whose lease was not renewed in the previous round.
	suspects []string
	// unserved is the last batch for which the missing delivery was logged.
	unserved string
}

func newNoticeMaintenance(rdb redis.Cmdable) *noticeMaintenance {
	return &noticeMaintenance{queue: queue.TasksOf(queue.Named(rdb, notify.Queue))}
}

// maintainNotices ensures that each pending notification has a task that will run.
func (r *Reconciler) maintainNotices(ctx context.Context) error {
	pending, looked, err := r.ledger.PendingNotifications(ctx, r.notices.rank, notificationsPerRound)
	if err != nil {
		return err
	}
	if r.notices.rank += looked; looked < notificationsPerRound {
		r.notices.rank = 0
	}
	if len(pending) > 0 {
		if err := r.notices.queue.Publish(ctx); err != nil {
			return err
		}
	}
	for _, b := range pending {
		for _, n := range b.PendingNotifications {
			if err := r.notices.enqueue(ctx, r.log, b, n); err != nil {
				return err
			}
		}
	}
	return errors.Join(r.warnUnserved(ctx, pending), r.requeueOrphanedNotices(ctx))
}

func (t *noticeMaintenance) enqueue(ctx context.Context, log zerolog.Logger, b ledger.Batch, n ledger.Notification) error {
	task, options, err := notify.TaskOf(b, n.Completion)
	if err != nil {
		return err
	}
	made, err := t.queue.Put(ctx, notify.TaskID(b, n.Completion), task, options...)
	if err != nil {
		return fmt.Errorf("enqueue notification %d of batch %q: %w", n.Completion, b.Name, err)
	}
	if made {
		log.Info().Str("batch", b.Name).Int64("completion", n.Completion).Msg("notification enqueued")
	}
	return nil
}

// warnUnserved logs, once per batch, that no worker delivers its notification.
func (r *Reconciler) warnUnserved(ctx context.Context, pending []ledger.Batch) error {
	if len(pending) == 0 || r.notices.unserved == pending[0].Name {
		return nil
	}
	served, err := notify.Served(ctx, r.rdb)
	if err != nil || served {
		return err
	}
	r.notices.unserved = pending[0].Name
	r.log.Warn().Str("batch", pending[0].Name).Int("batches", len(pending)).Str("url", notify.Shown(pending[0].OnComplete)).
		Msg("a notification is pending and no worker delivers notifications; start one with " + notify.Remedy)
	return nil
}

// requeueOrphanedNotices requeues notifications whose worker died while delivering them. asynq takes a
// minute or two for that, and never requeues a task without a lease. A live worker renews its leases.
func (r *Reconciler) requeueOrphanedNotices(ctx context.Context) error {
	active, err := r.notices.queue.Active(ctx)
	if err != nil {
		return err
	}
	until := r.now().Add(unrenewed)
	var suspects, orphans []string
	for _, task := range active {
		if !task.Exists || task.Lease.After(until) {
			continue
		}
		suspects = append(suspects, task.ID)
		if slices.Contains(r.notices.suspects, task.ID) {
			orphans = append(orphans, task.ID)
		}
	}
	r.notices.suspects = suspects
	moved, err := r.notices.queue.Requeue(ctx, orphans, until)
	if moved > 0 {
		r.observer.Repaired(RepairNotice, moved)
		r.log.Warn().Strs("tasks", orphans).Int("count", moved).Msg("notifications without a live worker were requeued")
	}
	return err
}
