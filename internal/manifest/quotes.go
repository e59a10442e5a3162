package manifest

import "bytes"

// quotes follows the quoting of a CSV row from line to line, as RFC 4180 and encoding/csv
// have it. It finds where a row ends before the row is parsed, so that one stray quote costs
// one row and not the rest of the file.
type quotes struct {
	state quoteState
	// opened is the index, in the row's first line, of the quote that opened the field
	// which was open at the end of that line.
	opened int
}

type quoteState int

const (
	atFieldStart quoteState = iota
	inPlain
	inQuoted
	// afterQuote: behind a quote inside a quoted field, which the next byte will prove
	// to be the closing one or the first half of a doubled one.
	afterQuote
)

// verdict is how a line leaves its row.
type verdict int

const (
	rowEnds verdict = iota
	rowGoesOn
	// strayQuote and strayText: the row is malformed at the returned index.
	strayQuote
	strayText
)

// line takes the next line of the row. Stray quotes end it at once. That rule also keeps
// reading linear: a line that leaves a quote open has an odd number of quotes, and behind
// it the next such line either closes that quote or is malformed.
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

// step takes one byte; rowEnds stands for no objection.
func (q *quotes) step(b byte, i int, first bool) verdict {
	switch {
	case q.state == inQuoted:
		if b == '"' {
			q.state = afterQuote
		}
	case b == ',':
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
