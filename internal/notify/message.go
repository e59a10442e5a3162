package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"havip/ledger"
)

// MessageVersion is the version of [Message]. Fields may be added without a new version.
const MessageVersion = 1

// TypeCompleted is the type of all messages.
const TypeCompleted = "batch.completed"

// Message is the body of a notification; its JSON is a contract with receivers.
type Message struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	// ID is the same for all attempts of one completion, and unique to it.
	ID string `json:"id"`
	// Timestamp is when the batch was complete.
	Timestamp time.Time `json:"timestamp"`
	Data      Facts     `json:"data"`
}

// Facts is the state of the batch at its completion.
type Facts struct {
	Batch string `json:"batch"`
	// Completion counts the batch's completions, from 1: after a retry it completes again.
	Completion  int64     `json:"completion"`
	CompletedAt time.Time `json:"completedAt"`
	Total       int64     `json:"total"`
	// Failed counts items that neither succeeded nor were canceled.
	Failed int64                  `json:"failed"`
	Counts map[ledger.State]int64 `json:"counts"`
	// File is the batch's file, and By the user who created it.
	File string `json:"file"`
	By   string `json:"by"`
}

// MessageOf returns the message of a batch's notification.
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

// Latest returns the notification of a complete batch's latest completion, pending or not.
func Latest(b ledger.Batch) ledger.Notification {
	return ledger.Notification{Completion: b.Completions, CompletedAt: b.CompletedAt, Total: b.Total, Counts: b.Counts}
}

// messageID derives the ID. It includes the batch's creation time to distinguish batches of one name in
// several ledgers, or after a deletion. It is hashed because a batch's name may be invalid in a header, and
// because an ID must not contain dots, which separate the signed parts.
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
