package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// encodeRecord returns the stored text of an item's record. It leaves out what [decodeRecord] derives: the token that
// [ClientToken] returns, and a last change that is one of the other times.
func encodeRecord(batch, key string, r Record) (string, error) {
	if r.ClientToken == ClientToken(batch, key, r.Generation) {
		r.ClientToken = ""
	}
	if r.UpdatedAt == latest(r) {
		r.UpdatedAt = 0
	}
	text, err := json.Marshal(r)
	return string(text), err
}

func decodeRecord(batch, key, text string) (r Record, err error) {
	if err := unmarshal(text, &r); err != nil {
		return Record{}, err
	}
	if r.ClientToken == "" {
		r.ClientToken = ClientToken(batch, key, r.Generation)
	}
	if r.UpdatedAt == 0 {
		r.UpdatedAt = latest(r)
	}
	if err := validateRecord(r); err != nil {
		return Record{}, err
	}
	return r, nil
}

// latest returns the latest of the times at which an item usually changed last.
func latest(r Record) Millis {
	return max(r.RegisteredAt, r.EnqueuedAt, r.LastSentAt, r.CreatedAt)
}

// phrases are parts of a request's body as package tasks writes it. In a stored spec, the byte n stands for phrases[n-1].
// Append to them, and never change one: specs that are stored have them.
var phrases = []string{`{"name":"`, `","subnetId":"`, `","privateIpAddress":"`, `","description":"`, `"}`}

// shorten replaces phrases by bytes, and lengthen the bytes by phrases. JSON has no such byte, so that each text comes back
// as it was.
var shorten, lengthen = func() (*strings.Replacer, *strings.Replacer) {
	var to, from []string
	for i, phrase := range phrases {
		code := string(rune(i + 1))
		to, from = append(to, phrase, code), append(from, code, phrase)
	}
	return strings.NewReplacer(to...), strings.NewReplacer(from...)
}()

// hasCode reports whether the text has a byte that stands for a phrase.
func hasCode(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return 0 < r && int(r) <= len(phrases) })
}

// lengthened returns the length of the lengthened text.
func lengthened(text string) int {
	n := len(text)
	for i, phrase := range phrases {
		n += strings.Count(text, string(rune(i+1))) * (len(phrase) - 1)
	}
	return n
}

// encodeSpec returns the stored text of a spec: line, account, region, priority and own token on a line, then the body. A
// spec that this cannot express is JSON, as all were once.
func encodeSpec(s Spec) (string, error) {
	if s.Line < 0 || strings.ContainsAny(s.Account+s.Region+s.Priority+s.OwnToken, " \n") || hasCode(s.Body) {
		text, err := json.Marshal(s)
		return string(text), err
	}
	words := []string{strconv.Itoa(s.Line), s.Account, s.Region, s.Priority, s.OwnToken}
	return strings.TrimRight(strings.Join(words, " "), " ") + "\n" + shorten.Replace(s.Body), nil
}

func decodeSpec(key, text string) (Spec, error) {
	spec, err := parseSpec(text)
	if err == nil {
		err = validateSpec(spec)
	}
	if err != nil {
		return Spec{}, fmt.Errorf("spec of item %q: %w", key, err)
	}
	spec.Key = key
	return spec, nil
}

func parseSpec(text string) (s Spec, err error) {
	if strings.HasPrefix(text, "{") {
		err = unmarshal(text, &s)
		return s, err
	}
	if lengthened(text) > maxText {
		return Spec{}, errTooLong
	}
	head, body, found := strings.Cut(text, "\n")
	words := strings.Split(head, " ")
	if !found || len(words) > 5 {
		return Spec{}, errors.New("neither JSON nor a line of at most five words before the body")
	}
	words = append(words, make([]string, 5-len(words))...)
	s = Spec{Account: words[1], Region: words[2], Priority: words[3], OwnToken: words[4], Body: lengthen.Replace(body)}
	s.Line, err = strconv.Atoi(words[0])
	return s, err
}
