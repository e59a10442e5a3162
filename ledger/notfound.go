package ledger

import (
	"fmt"
	"strconv"
	"time"
)

// BatchNotFoundError reports that there is no batch with this name.
type BatchNotFoundError struct {
	Batch string
	// ForgottenAt is when the batch was deleted, By whom and for what Reason; 0 if it was not, or is unknown.
	ForgottenAt Millis
	By, Reason  string
	// Archive is where the batch was archived to before it was deleted, and its name is reserved; nil if it was not.
	Archive *Archive
}

func (e *BatchNotFoundError) Error() string {
	if e.ForgottenAt == 0 {
		return fmt.Sprintf("batch %q: not found", e.Batch)
	}
	done, remedy := "deleted", ""
	if e.Archive != nil {
		done = "archived to " + e.Archive.File
		remedy = "; its name is reserved until `enqueue delete`; `enqueue results --archive FILE` shows its items"
	}
	text := fmt.Sprintf("batch %q: %s at %s by %s", e.Batch, done, e.ForgottenAt.Time().Format(time.RFC3339), e.By)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text + remedy
}

// ItemNotFoundError reports that the batch has no item with this key.
type ItemNotFoundError struct{ Batch, Key string }

func (e *ItemNotFoundError) Error() string {
	return fmt.Sprintf("batch %q: item %q: not found", e.Batch, e.Key)
}

// notFound returns the error for a batch that does not exist, or was deleted.
func notFound(name string, facts map[string]string) *BatchNotFoundError {
	at, _ := strconv.ParseInt(facts["forgottenAt"], 10, 64)
	return &BatchNotFoundError{
		Batch: name, ForgottenAt: Millis(at), By: facts["forgottenBy"], Reason: facts["forgottenWhy"],
		Archive: decodeArchive(facts["archived"]),
	}
}
