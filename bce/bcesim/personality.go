package bcesim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Personality selects among behaviors that BCE's documentation leaves open. A client is safe only
// if it is safe under all of them. The zero value is the plainest reading.
type Personality struct {
	// ReplayRefusals repeats a refusal for its token: once refused, always refused. Otherwise
	// only successes are repeated. Refusals before the operation (a bad signature, a rate limit,
	// a fault) are never repeated; those of [FaultFail] are.
	ReplayRefusals bool
	// Concurrent is what happens to a request while another with its token is in progress.
	Concurrent Concurrency
	// CompareByValue compares JSON bodies by value, otherwise byte by byte.
	CompareByValue bool
	// TokenScope is the scope within which a token is unique.
	TokenScope Scope
	// Expired is what happens to a request whose token was not received for 24 hours.
	Expired Expiry
	// ListLag is how long list, but not get, hides a new HaVIP.
	ListLag time.Duration
	// NotFoundStatus is the status of NoSuchObject; 0 means 404. Baidu's own driver expects 400.
	NotFoundStatus int
	// Codes renames codes in answers, and Statuses changes their statuses, to test clients with
	// unknown ones. Both are keyed by the simulator's code.
	Codes    map[string]string
	Statuses map[string]int
}

// Concurrency is what happens to a second request with a token in use.
type Concurrency string

const (
	// ConcurrentReplay carries out one and answers both with its result. It is the default.
	ConcurrentReplay Concurrency = "replay"
	// ConcurrentRefuse answers 409 RequestInProgress.
	ConcurrentRefuse Concurrency = "refuse"
	// ConcurrentBlock makes the second wait until the first has been answered.
	ConcurrentBlock Concurrency = "block"
)

// CodeRequestInProgress is an invented code for [ConcurrentRefuse].
const CodeRequestInProgress = "RequestInProgress"

// Scope is where a client token is unique.
type Scope string

const (
	// ScopeAccount is the default: a token is for one request in the account. On another path it
	// is a mismatch, as documented.
	ScopeAccount Scope = "account"
	// ScopeGlobal shares tokens among accounts.
	ScopeGlobal Scope = "global"
	// ScopePath has separate tokens for each method and path.
	ScopePath Scope = "path"
)

// Expiry is what happens to a token that was not received for 24 hours.
type Expiry string

const (
	// ExpiredNew forgets it: its next request is a new one. It is the default, as documented.
	ExpiredNew Expiry = "new"
	// ExpiredMismatch refuses it with IdempotentParameterMismatch from then on.
	ExpiredMismatch Expiry = "mismatch"
)

func (p Personality) notFound(kind, id string) *Error {
	status := p.NotFoundStatus
	if status == 0 {
		status = http.StatusNotFound
	}
	return refuseWith(status, CodeNoSuchObject, "the %s %q does not exist", kind, id)
}

// reword applies Statuses and Codes to a refusal.
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
