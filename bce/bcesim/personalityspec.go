package bcesim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// PersonalityHelp lists what [ParsePersonality] reads, a line each.
const PersonalityHelp = `  replay-refusals       a token remembers refusals, too; those of the fault "fail" as well
  concurrent=replay|refuse|block
                        what a second request with a token in use gets (default replay)
  compare=bytes|value   how a repeated body is compared (default bytes)
  scope=account|global|path
                        where a token is unique (default account)
  expired=new|mismatch  what a token gets that was last received over 24 h ago: a
                        new create, or IdempotentParameterMismatch (default new)
  list-lag=DURATION     how long list does not show a new HaVIP
  not-found=STATUS      the status of NoSuchObject (default 404)
  code.OLD=NEW          answer NEW where the simulator would answer OLD
  status.CODE=STATUS    answer CODE with STATUS; CODE is the simulator's own
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
	if trait, code, found := strings.Cut(name, "."); found {
		return p.setWording(trait, code, value)
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
	case "expired":
		p.Expired = Expiry(value)
	case "list-lag":
		p.ListLag, err = time.ParseDuration(value)
	case "not-found":
		p.NotFoundStatus, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("no such trait %q", name)
	}
	return err
}

// setWording reads code.OLD=NEW and status.CODE=STATUS.
func (p *Personality) setWording(trait, code, value string) error {
	switch {
	case trait == "code" && code != "" && value != "":
		if p.Codes == nil {
			p.Codes = map[string]string{}
		}
		p.Codes[code] = value
	case trait == "status" && code != "" && value != "":
		status, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		if p.Statuses == nil {
			p.Statuses = map[string]int{}
		}
		p.Statuses[code] = status
	default:
		return errors.New("want code.OLD=NEW or status.CODE=STATUS")
	}
	return nil
}
