package bce

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest is the text whose HMAC is the signature. It is built in buffers that are used again: signing a
// request must cost little beside sending it.
type canonicalRequest struct {
	text    []byte
	query   sortedList
	headers canonicalHeaders
	// header is where Authorization is put together.
	header []byte
}

// build joins the four canonical parts; the headers were added before. The path is in the form in which it is sent, as
// is the query.
func (c *canonicalRequest) build(method, escapedPath, rawQuery string) error {
	c.text = append(c.text[:0], strings.ToUpper(method)...)
	var err error
	if c.text, err = appendCanonicalURI(append(c.text, '\n'), escapedPath); err != nil {
		return err
	}
	if err := canonicalQuery(&c.query, rawQuery); err != nil {
		return err
	}
	c.text = c.query.appendTo(append(c.text, '\n'), '&')
	c.text = c.headers.lines.appendTo(append(c.text, '\n'), '\n')
	return nil
}

// appendCanonicalURI appends CanonicalURI of the specification, for a path in the escaped form in which it
// is sent. Segments are encoded one by one, so that an escaped slash in a segment stays escaped.
func appendCanonicalURI(dst []byte, escapedPath string) ([]byte, error) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(escapedPath, "/"), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", escapedPath, err)
		}
		dst = appendURIEncoded(append(dst, '/'), plain)
	}
	return dst, nil
}

// canonicalQuery sets the list to the parameters of CanonicalQueryString, for a query as it is sent: the finished k=v
// texts are sorted, not the names ("text10=" comes before "text1=", for '0' sorts before '='). A parameter without a
// value is "k=". The parameter authorization is left out.
func canonicalQuery(list *sortedList, raw string) error {
	list.reset()
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		sentName, sentValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(sentName)
		if err != nil {
			return fmt.Errorf("query parameter %q: %w", sentName, err)
		}
		value, err := url.QueryUnescape(sentValue)
		if err != nil {
			return fmt.Errorf("query parameter %q: %w", sentName, err)
		}
		if strings.EqualFold(name, "authorization") {
			continue
		}
		list.text = append(appendURIEncoded(list.text, name), '=')
		list.text = appendURIEncoded(list.text, value)
		list.end()
	}
	return nil
}

// canonicalHeaders is CanonicalHeaders, with the signed names. Both are sorted, and the headers as finished lines:
// "x-bce-a-b:" comes before "x-bce-a:".
type canonicalHeaders struct{ lines, names sortedList }

func (h *canonicalHeaders) reset() {
	h.lines.reset()
	h.names.reset()
}

// add adds a header, its name in lower case and its value trimmed. A header with an empty value is not signed ("0" is
// not empty).
func (h *canonicalHeaders) add(name, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	h.names.text = append(h.names.text, strings.TrimSpace(name)...)
	lower := h.names.current()
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	h.lines.text = append(appendURIEncoded(h.lines.text, lower), ':')
	h.lines.text = appendURIEncoded(h.lines.text, value)
	h.names.end()
	h.lines.end()
}

// sortedList joins texts in the order of their bytes.
type sortedList struct {
	// text has the texts as they were added: each is appended to it and then ended.
	text  []byte
	ended int
	items []span
}

// span is where an item is in the text.
type span struct{ from, to int }

func (l *sortedList) reset() { l.text, l.ended, l.items = l.text[:0], 0, l.items[:0] }

// current returns what was appended to the text since the last end.
func (l *sortedList) current() []byte { return l.text[l.ended:] }

// end makes an item of the current text.
func (l *sortedList) end() {
	l.items = append(l.items, span{l.ended, len(l.text)})
	l.ended = len(l.text)
}

// appendTo appends the items, sorted and with separators between them.
func (l *sortedList) appendTo(dst []byte, separator byte) []byte {
	l.sort()
	for i, s := range l.items {
		if i > 0 {
			dst = append(dst, separator)
		}
		dst = append(dst, l.text[s.from:s.to]...)
	}
	return dst
}

func (l *sortedList) sort() {
	slices.SortFunc(l.items, func(a, b span) int { return bytes.Compare(l.text[a.from:a.to], l.text[b.from:b.to]) })
}
