package bcesim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Personality chooses among the behaviours that BCE's documentation leaves open. A client
// is safe only if it is safe under all of them. The zero value is the plainest reading.
type Personality struct {
	// ReplayRefusals makes a token remember a refusal of its request, too: once refused,
	// always refused. Otherwise only what succeeded is remembered.
	ReplayRefusals bool
	// Concurrent is what a request gets whose token is on another one still being answered.
	Concurrent Concurrency
	// CompareByValue takes two JSON bodies of equal value for the same request. Otherwise
	// every byte counts.
	CompareByValue bool
	// TokenScope is within what a token is one token.
	TokenScope Scope
	// ListLag hides a new HaVIP from list, not from get, for so long.
	ListLag time.Duration
	// NotFoundStatus goes with NoSuchObject; 0 means 404. Baidu's own driver has seen 400.
	NotFoundStatus int
	// Codes renames codes in answers, to meet a client with ones that it cannot know.
	Codes map[string]string
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

func (p Personality) notFound(kind, id string) *Error {
	status := p.NotFoundStatus
	if status == 0 {
		status = http.StatusNotFound
	}
	return refuseWith(status, CodeNoSuchObject, "the %s %q does not exist", kind, id)
}

func (p Personality) validate() error {
	if !slices.Contains([]Concurrency{"", ConcurrentReplay, ConcurrentRefuse, ConcurrentBlock}, p.Concurrent) {
		return fmt.Errorf("personality concurrent %q: want replay, refuse or block", p.Concurrent)
	}
	if !slices.Contains([]Scope{"", ScopeAccount, ScopeGlobal, ScopePath}, p.TokenScope) {
		return fmt.Errorf("personality scope %q: want account, global or path", p.TokenScope)
	}
	if p.ListLag < 0 {
		return fmt.Errorf("personality list-lag %s: must not be negative", p.ListLag)
	}
	if p.NotFoundStatus != 0 && (p.NotFoundStatus < 400 || p.NotFoundStatus > 499) {
		return fmt.Errorf("personality not-found %d: want a 4xx status", p.NotFoundStatus)
	}
	return nil
}

// PersonalityHelp lists what [ParsePersonality] reads, a line each.
const PersonalityHelp = `  replay-refusals       a token remembers refusals, too
  concurrent=replay|refuse|block
                        what a second request with a token in use gets (default replay)
  compare=bytes|value   how a repeated body is compared (default bytes)
  scope=account|global|path
                        within what a token is one token (default account)
  list-lag=DURATION     how long list does not show a new HaVIP
  not-found=STATUS      the status of NoSuchObject (default 404)
  code.OLD=NEW          answer NEW where the simulator would say OLD
`

// ParsePersonality reads a list such as "replay-refusals,concurrent=block,list-lag=30s".
// The empty text is the zero Personality.
func ParsePersonality(spec string) (Personality, error) {
	var p Personality
	for word := range strings.SplitSeq(spec, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		if err := p.set(name, value); err != nil {
			return Personality{}, fmt.Errorf("personality %q: %w", word, err)
		}
	}
	return p, p.validate()
}

func (p *Personality) set(name, value string) (err error) {
	if old, found := strings.CutPrefix(name, "code."); found {
		if old == "" || value == "" {
			return errors.New("want code.OLD=NEW")
		}
		if p.Codes == nil {
			p.Codes = map[string]string{}
		}
		p.Codes[old] = value
		return nil
	}
	switch name {
	case "replay-refusals":
		if value != "" {
			return errors.New("takes no value")
		}
		p.ReplayRefusals = true
	case "concurrent":
		p.Concurrent = Concurrency(value)
	case "compare":
		if value != "bytes" && value != "value" {
			return errors.New("want bytes or value")
		}
		p.CompareByValue = value == "value"
	case "scope":
		p.TokenScope = Scope(value)
	case "list-lag":
		p.ListLag, err = time.ParseDuration(value)
	case "not-found":
		p.NotFoundStatus, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("no such trait %q", name)
	}
	return err
}
