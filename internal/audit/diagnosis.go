package audit

import (
	"fmt"

	"havip/internal/redisconn"
)

// Code identifies a [Diagnosis], besides the codes of [redisconn.Check]. The values are a contract.
type Code = redisconn.Code

// The codes of a [Doctor].
const (
	CodeVersions    Code = "versions"
	CodeClock       Code = "clock"
	CodeBCEClock    Code = "bce-clock"
	CodeCredentials Code = "credentials"
	CodeBCE         Code = "bce"
	CodeEndpoint    Code = "endpoint"
	CodeAccessKey   Code = "access-key"
	CodeWorkers     Code = "workers"
	CodeDeadWorkers Code = "dead-workers"
	CodeNoWorker    Code = "no-worker"
	CodeSuspended   Code = "suspended"
	CodePaused      Code = "paused"
	// CodeQueuePaused is about a pause set with asynq's own tools.
	CodeQueuePaused Code = "queue-paused"
	CodeStopped     Code = "stopped"
	CodeArchived    Code = "archived"
	CodeOrphaned    Code = "orphaned"
	CodeGhosts      Code = "ghosts"
	CodeNoTask      Code = "no-task"
	CodeUnreadable  Code = "unreadable"
	CodeNameTaken   Code = "name-taken"
	// CodeNotifications is about pending notifications, and CodeNotificationsFailed about those that are not retried.
	CodeNotifications       Code = "notifications"
	CodeNotificationsFailed Code = "notifications-failed"
	// CodeUnchecked is about a check that could not be made.
	CodeUnchecked Code = "unchecked"
	// CodeNotRepaired is about requested repairs that were not made.
	CodeNotRepaired Code = "not-repaired"
)

// Diagnosis is one finding for the operator. Its field names are a contract.
type Diagnosis struct {
	Code     Code               `json:"code"`
	Severity redisconn.Severity `json:"severity"`
	// Subject is the server, lane or check.
	Subject string `json:"subject"`
	// What was found, what that Means, and the Fix, in one or two sentences each. A note may lack the latter two.
	What  string `json:"what"`
	Means string `json:"means"`
	Fix   string `json:"fix"`
	// Repaired says what was repaired, or is "".
	Repaired string `json:"repaired"`
	// left reports that the repair was partial.
	left bool
}

// Ails reports whether something is wrong and was not repaired.
func (d Diagnosis) Ails() bool {
	return d.Severity != redisconn.SeverityNote && !d.IsRepaired()
}

// IsRepaired reports whether the finding was repaired completely.
func (d Diagnosis) IsRepaired() bool { return d.Repaired != "" && !d.left }

func note(code Code, subject, what string, args ...any) Diagnosis {
	return Diagnosis{Code: code, Severity: redisconn.SeverityNote, Subject: subject, What: fmt.Sprintf(what, args...)}
}

func warning(code Code, subject, what string, args ...any) Diagnosis {
	return Diagnosis{Code: code, Severity: redisconn.SeverityWarning, Subject: subject, What: fmt.Sprintf(what, args...)}
}

// meaning adds what the finding means and what to do.
func (d Diagnosis) meaning(means, fix string) Diagnosis {
	d.Means, d.Fix = means, fix
	return d
}
