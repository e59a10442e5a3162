package bcesim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Personality chooses among the behaviours that BCE's documentation leaves open. A client
// is safe only if it is safe under all of them. The zero value is the plainest reading.
type Personality struct {
	// ReplayRefusals makes a token remember a refusal of its request, too: once refused,
	// always refused. Otherwise only what succeeded is remembered. What never came as far as
	// the operation (a bad signature, a rate limit, whatever a fault turned away) is no result
	// of the token either way; the refusals of [FaultFail] are.
	ReplayRefusals bool
	// Concurrent is what a request gets whose token is on another one still being answered.
	Concurrent Concurrency
	// CompareByValue takes two JSON bodies of equal value for the same request. Otherwise
	// every byte counts.
	CompareByValue bool
	// TokenScope is within what a token is one token.
	TokenScope Scope
	// Expired is what a request gets whose token was not received for 24 hours.
	Expired Expiry
	// ListLag hides a new HaVIP from list, not from get, for so long.
	ListLag time.Duration
	// NotFoundStatus goes with NoSuchObject; 0 means 404. Baidu's own driver has seen 400.
	NotFoundStatus int
	// Codes renames codes in answers, and Statuses gives them other statuses, to meet a client
	// with ones that it cannot know. Both are keyed by the code that the simulator would say.
	Codes    map[string]string
	Statuses map[string]int
}

// Concurrency is what becomes of a second request with a token still in use.
type Concurrency string

const (
	// ConcurrentReplay carries out one and gives the other its result as soon as there is
	// one. It is the default.
	ConcurrentReplay Concurrency = "replay"
	// ConcurrentRefuse answers 409 RequestInProgress.
	ConcurrentRefuse Concurrency = "refuse"
	// ConcurrentBlock makes the second wait until the first has been answered.
	ConcurrentBlock Concurrency = "block"
)

// CodeRequestInProgress goes with [ConcurrentRefuse] only, and is invented.
const CodeRequestInProgress = "RequestInProgress"

// Scope is within what a client token is unique.
type Scope string

const (
	// ScopeAccount is the default: one token, one request in the account. Used on another
	// path it is a mismatch, as documented.
	ScopeAccount Scope = "account"
	// ScopeGlobal shares tokens among accounts.
	ScopeGlobal Scope = "global"
	// ScopePath gives each method and path tokens of its own.
	ScopePath Scope = "path"
)

// Expiry is what becomes of a token that was not received for 24 hours.
type Expiry string

const (
	// ExpiredNew forgets it: its next request is a new one. It is the default, as documented.
	ExpiredNew Expiry = "new"
	// ExpiredMismatch remembers that it was used, and refuses it for good with
	// IdempotentParameterMismatch.
	ExpiredMismatch Expiry = "mismatch"
)

func (p Personality) notFound(kind, id string) *Error {
	status := p.NotFoundStatus
	if status == 0 {
		status = http.StatusNotFound
	}
	return refuseWith(status, CodeNoSuchObject, "the %s %q does not exist", kind, id)
}

// reword is how a refusal is said: with which status, and by which code.
func (p Personality) reword(refusal *Error) (status int, code string) {
	status, code = refusal.Status, refusal.Code
	if other, ok := p.Statuses[refusal.Code]; ok {
		status = other
	}
	if other, ok := p.Codes[refusal.Code]; ok {
		code = other
	}
	return status, code
}

func (p Personality) validate() error {
	if !slices.Contains([]Concurrency{"", ConcurrentReplay, ConcurrentRefuse, ConcurrentBlock}, p.Concurrent) {
		return fmt.Errorf("personality concurrent %q: want replay, refuse or block", p.Concurrent)
	}
	if !slices.Contains([]Scope{"", ScopeAccount, ScopeGlobal, ScopePath}, p.TokenScope) {
		return fmt.Errorf("personality scope %q: want account, global or path", p.TokenScope)
	}
	if !slices.Contains([]Expiry{"", ExpiredNew, ExpiredMismatch}, p.Expired) {
		return fmt.Errorf("personality expired %q: want new or mismatch", p.Expired)
	}
	for code, status := range p.Statuses {
		if status < 400 || status > 599 {
			return fmt.Errorf("personality status.%s %d: want a status from 400 to 599", code, status)
		}
	}
	if p.ListLag < 0 {
		return fmt.Errorf("personality list-lag %s: must not be negative", p.ListLag)
	}
	if p.NotFoundStatus != 0 && (p.NotFoundStatus < 400 || p.NotFoundStatus > 499) {
		return fmt.Errorf("personality not-found %d: want a 4xx status", p.NotFoundStatus)
	}
	return nil
}
