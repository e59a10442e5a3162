// Package notify sends a notification to a batch's URL when the batch is complete.
//
// # What is sent
//
// A POST of a [Message] in JSON, signed by the Standard Webhooks specification
// (https://www.standardwebhooks.com): webhook-id is the same for all attempts of one completion,
// webhook-timestamp and webhook-signature are new for each. A 2xx answer or 410 Gone ends it; otherwise it is
// retried with growing delays for three days. Delivery is at least once; receivers deduplicate by ID.
//
// # Pending notifications
//
// The script that completes a batch records a pending notification in the ledger ([ledger.Notification]).
// asynq's task only identifies it; if a task is lost or duplicated, the ledger decides what is sent.
//
// # Security
//
// Any producer can set the URL in Redis, and a worker runs inside the operator's network. So it calls only
// [Hosts] that its operator allowed, follows no redirects, and reports no answer's content. Its signing
// [Secrets] are never in Redis.
package notify
