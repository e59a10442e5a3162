package tasks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultAccount is the account of an item that names none.
const DefaultAccount = "default"

// Limits of an item's fields, in characters unless said otherwise.
const (
	// MaxNameLength is BCE's limit for a HaVIP's name; characters, not bytes.
	MaxNameLength = 65
	// MaxTokenLength is BCE's limit for a clientToken, in ASCII characters.
	MaxTokenLength = 64
	// MaxKeyLength and MaxBatchLength bound our own identifiers, in bytes.
	MaxKeyLength   = 256
	MaxBatchLength = 128
	// maxLaneWordLength bounds an account or region, in bytes.
	maxLaneWordLength = 64
	// maxDescriptionLength, in bytes, keeps a mistaken megabyte out of Redis: BCE documents no limit.
	maxDescriptionLength = 4096
)

// Request describes one HaVIP, in the terms of POST /v1/havip.
type Request struct {
	Name     string `json:"name"`
	SubnetID string `json:"subnetId"`
	// PrivateIPAddress is the requested IPv4 address; "" lets BCE choose one.
	PrivateIPAddress string `json:"privateIpAddress"`
	Description      string `json:"description,omitempty"`
}

// Body returns the canonical request body: the exact bytes that every attempt of the item sends. Fields are in the
// order of the API's documentation, without insignificant space, and text is not HTML-escaped.
func (r Request) Body() []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		panic(fmt.Sprintf("tasks: a struct of strings cannot fail to encode: %v", err))
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// Item is one requested HaVIP, identified within its batch by Key.
type Item struct {
	// Key identifies the item in its batch. It defaults to the name.
	Key string
	// Account and Region choose the lane. Account defaults to [DefaultAccount].
	Account, Region string
	// Priority is that of a new item; an item that is registered keeps its own.
	Priority Priority
	// ClientToken is the user's own idempotency token for the item's first generation;
	// "" (the usual case) lets the producer derive one.
	ClientToken string
	Request     Request
}

// WithDefaults returns the item with an empty key, account or region filled in. The region is in lower case, because
// BCE treats BJ and bj as equal.
func (it Item) WithDefaults(region string) Item {
	if it.Key == "" {
		it.Key = it.Request.Name
	}
	if it.Account == "" {
		it.Account = DefaultAccount
	}
	it.Region = strings.ToLower(cmp.Or(it.Region, region))
	return it
}

// FieldError is a field of an item that breaks a rule.
type FieldError struct {
	// Field is the column's name in the contract, such as "subnetId".
	Field string
	// Value is the field's value.
	Value string
	// Rule says what is wrong, as a clause such as "must start with a letter".
	Rule string
}

func (e FieldError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Field, abridged(e.Value), e.Rule)
}

// maxShownOfValue bounds the bytes of a wrong value in an error, which is logged and stored in asynq's archive: a
// foreign task's value may have a megabyte.
const maxShownOfValue = 200

func abridged(value string) string {
	if len(value) <= maxShownOfValue {
		return value
	}
	return strings.ToValidUTF8(value[:maxShownOfValue], "") + "…"
}

// Validate returns every rule that the item breaks, in the order of the columns; none means that it may be enqueued. Defaults must
// be filled in. The rules are BCE's own where documented (name, token), and otherwise reject only what BCE would certainly refuse.
func (it Item) Validate() []FieldError {
	var faults []FieldError
	check := func(field, value, rule string) {
		if rule != "" {
			faults = append(faults, FieldError{Field: field, Value: value, Rule: rule})
		}
	}
	check("key", it.Key, identifierRule(it.Key, MaxKeyLength))
	check("name", it.Request.Name, nameRule(it.Request.Name))
	check("subnetId", it.Request.SubnetID, subnetRule(it.Request.SubnetID))
	check("privateIpAddress", it.Request.PrivateIPAddress, addressRule(it.Request.PrivateIPAddress))
	check("description", it.Request.Description, descriptionRule(it.Request.Description))
	check("account", it.Account, laneWordRule(it.Account))
	check("region", it.Region, laneWordRule(it.Region))
	check("clientToken", it.ClientToken, tokenRule(it.ClientToken))
	if it.Priority != "" && !slices.Contains(Priorities(), it.Priority) {
		check("priority", string(it.Priority), priorityRule)
	}
	return faults
}

// ValidateBatch returns the rule that a batch's name breaks; "" means none.
func ValidateBatch(name string) (rule string) {
	if strings.ContainsAny(name, "{}") {
		// Braces would move the batch's keys to other Redis Cluster slots.
		return "must not contain { or }"
	}
	return identifierRule(name, MaxBatchLength)
}

// nameRule: 1–65 characters of letters, digits, Chinese and - _ / . starting with a letter
// or a Chinese character (Baidu's Chinese page; its English one dropped Chinese from the set).
func nameRule(name string) string {
	if name == "" {
		return "is required"
	}
	if !utf8.ValidString(name) {
		return "must be UTF-8 text"
	}
	if n := utf8.RuneCountInString(name); n > MaxNameLength {
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, MaxNameLength)
	}
	if rule := invisibleRule(name); rule != "" {
		return rule
	}
	for i, r := range name {
		letter := isASCIILetter(r) || unicode.Is(unicode.Han, r)
		if i == 0 && !letter {
			return "must start with a letter or a Chinese character"
		}
		if !letter && (r < '0' || r > '9') && !strings.ContainsRune("-_/.", r) {
			return fmt.Sprintf("has %q; only letters, digits, Chinese characters and - _ / . are allowed", r)
		}
	}
	return ""
}

func subnetRule(id string) string {
	if id == "" {
		return "is required"
	}
	if !strings.HasPrefix(id, "sbn-") || !isWord(strings.TrimPrefix(id, "sbn-"), maxLaneWordLength) {
		return cmp.Or(invisibleRule(id), "must be a subnet ID such as sbn-dk8gl9bc")
	}
	return ""
}

func addressRule(address string) string {
	if address == "" {
		return ""
	}
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is4() || ip.String() != address {
		return cmp.Or(invisibleRule(address), "must be an IPv4 address such as 192.168.0.10, or empty for automatic")
	}
	for _, never := range inNoSubnet {
		if never.network.Contains(ip) {
			return fmt.Sprintf("is in no subnet: %s is for %s; choose another, or leave it empty for automatic", never.network, never.use)
		}
	}
	return ""
}

// inNoSubnet are the networks that contain no unicast host address (RFC 6890, 5771, 1112).
var inNoSubnet = []struct {
	network netip.Prefix
	use     string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "\"this network\""},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local addresses"},
	{netip.MustParsePrefix("224.0.0.0/3"), "multicast, future use and broadcast"},
}

func descriptionRule(text string) string {
	switch {
	case !utf8.ValidString(text):
		return "must be UTF-8 text"
	case len(text) > maxDescriptionLength:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(text), maxDescriptionLength)
	}
	// CRLF becomes two line feeds, so that characters keep their numbers.
	return characterRule(strings.ReplaceAll(text, "\r\n", "\n\n"), func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	})
}

func identifierRule(id string, limit int) string {
	switch {
	case id == "":
		return "is required"
	case !utf8.ValidString(id):
		return "must be UTF-8 text"
	case len(id) > limit:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(id), limit)
	}
	if rule := invisibleRule(id); rule != "" {
		return rule
	}
	if strings.TrimSpace(id) != id {
		return "must not start or end with space"
	}
	return ""
}

func laneWordRule(word string) string {
	if word == "" {
		return "is required"
	}
	if !isWord(word, maxLaneWordLength) {
		return cmp.Or(invisibleRule(word), fmt.Sprintf("must be at most %d letters, digits, - or _", maxLaneWordLength))
	}
	return ""
}

func tokenRule(token string) string {
	if len(token) > MaxTokenLength {
		return fmt.Sprintf("has %d bytes; at most %d ASCII characters are allowed", len(token), MaxTokenLength)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return cmp.Or(invisibleRule(token), "must be printable ASCII without spaces")
	}
	if reservedToken(token) {
		return fmt.Sprintf("must not start with %s, which marks derived tokens", DerivedTokenPrefix)
	}
	return ""
}

func isWord(s string, limit int) bool {
	return s != "" && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		return !isASCIILetter(r) && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func isASCIILetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
