package manifest

import "bytes"

// quotes follows the quoting of a CSV row across lines, as in RFC 4180 and encoding/csv. It finds the end of a row before
// it is parsed, so that a misplaced quote affects one row and not the rest of the file.
type quotes struct {
	separator separator
	state     quoteState
	// opened is the index, in the row's first line, of the opening quote of the field that was open at its end.
	opened int
}

type quoteState int

const (
	atFieldStart quoteState = iota
	inPlain
	inQuoted
	// afterQuote: after a quote in a quoted field; the next byte shows whether it closes the field or is the first of a
	// doubled one.
	afterQuote
)

// verdict is the state of a row after a line.
type verdict int

const (
	rowEnds verdict = iota
	rowGoesOn
	// strayQuote and strayText: the row is malformed at the returned index.
	strayQuote
	strayText
)

// line reads the next line of the row. A misplaced quote ends it at once. This also keeps reading linear: a line that leaves
// a quote open has an odd number of quotes, and the next such line either closes that quote or is malformed.
func (q *quotes) line(text []byte) (verdict, int) {
	if q.state != inQuoted && bytes.IndexByte(text, '"') < 0 {
		return rowEnds, 0
	}
	first := q.state != inQuoted
	for i, b := range text {
		if v := q.step(b, i, first); v != rowEnds {
			return v, i
		}
	}
	if q.state == inQuoted {
		return rowGoesOn, q.opened
	}
	return rowEnds, 0
}

// step reads one byte; rowEnds means no fault.
func (q *quotes) step(b byte, i int, first bool) verdict {
	switch {
	case q.state == inQuoted:
		if b == '"' {
			q.state = afterQuote
		}
	case b == byte(q.separator):
		q.state = atFieldStart
	case b == '"' && q.state == inPlain:
		return strayQuote
	case b == '"':
		if q.state == atFieldStart && first {
			q.opened = i
		}
		q.state = inQuoted
	case q.state == afterQuote:
		return strayText
	default:
		q.state = inPlain
	}
	return rowEnds
}
