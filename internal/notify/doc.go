// Package notify tells the URL that a batch names that the batch is complete.
//
// # What is sent
//
// A POST of a [Message] in JSON, signed as the Standard Webhooks specification says
// (https://www.standardwebhooks.com): webhook-id is the same however often one completion is told,
// webhook-timestamp and webhook-signature are made anew for each attempt. A 2xx answer ends it, and so
// does 410 Gone; anything else is tried again, later and later, for three days. It is told at least once:
// receivers go by the ID.
//
// # What is owed
//
// That a completion is still to be told stands in the ledger ([ledger.Notification]), from the script that
// completed the batch on. The task of asynq's that brings a notice to a worker says only which one it
// is; lost or doubled, the ledger decides what is done.
//
// # What a worker lends itself to
//
// A URL in Redis is whatever a producer put there, and a worker stands inside the operator's network. So
// it calls only the [Hosts] that its operator named, follows no redirect, and does not say what it was
// answered. The [Secrets] that it signs with are its own, and never in Redis.
package notify
