package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"havip/ledger"
)

// MessageVersion is the version of [Message] that is sent. Fields may be added to a version.
const MessageVersion = 1

// TypeCompleted is the type of every message there is.
const TypeCompleted = "batch.completed"

// Message is what is told of a completion; its JSON is a contract with receivers.
type Message struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	// ID is the same however often this completion is told, and unlike that of any other.
	ID string `json:"id"`
	// Timestamp is when the batch was complete.
	Timestamp time.Time `json:"timestamp"`
	Data      Facts     `json:"data"`
}

// Facts are how the batch stood at its completion.
type Facts struct {
	Batch string `json:"batch"`
	// Completion counts the batch's completions, from 1: after a retry it completes again.
	Completion  int64     `json:"completion"`
	CompletedAt time.Time `json:"completedAt"`
	Total       int64     `json:"total"`
	// Failed counts items that do not have what was asked for, nor were withdrawn.
	Failed int64                  `json:"failed"`
	Counts map[ledger.State]int64 `json:"counts"`
	// File and By are what the batch was made from, and by whom.
	File string `json:"file"`
	By   string `json:"by"`
}

// MessageOf is the message of a batch's notice.
func MessageOf(b ledger.Batch, n ledger.Notification) Message {
	at := n.CompletedAt.Time().UTC()
	return Message{
		Type: TypeCompleted, Version: MessageVersion, ID: messageID(b, n.Completion), Timestamp: at,
		Data: Facts{
			Batch: b.Name, Completion: n.Completion, CompletedAt: at, Total: n.Total, Failed: n.Failed(),
			Counts: n.Counts, File: b.Source.File, By: b.Source.By,
		},
	}
}

// Latest is the notice of the latest completion of a batch that is complete, whether it is owed or not.
func Latest(b ledger.Batch) ledger.Notification {
	return ledger.Notification{Completion: b.Completions, CompletedAt: b.CompletedAt, Total: b.Total, Counts: b.Counts}
}

// messageID is derived. The moment at which the batch was made tells batches of one name apart, in two
// ledgers or in one that was emptied. A hash, because a header takes no name as it is, and what is signed
// is parted by dots, of which an ID must have none.
func messageID(b ledger.Batch, completion int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %d", b.Name, b.CreatedAt, completion))
	const enough = 16
	return "havip_" + hex.EncodeToString(sum[:enough])
}

// Encode returns the message as JSON.
func (m Message) Encode() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("notify: plain values cannot fail to encode: %v", err))
	}
	return text
}
