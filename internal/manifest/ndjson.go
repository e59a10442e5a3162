package manifest

import (
	"bytes"
	"errors"
	"io"
)

// ndjsonRows reads one JSON object per line; it skips blank lines.
type ndjsonRows struct {
	lines  *lines
	report reporter
	begun  bool
}

func (n *ndjsonRows) next(rec *record) error {
	for {
		line, err := n.lines.next()
		at := position{n.lines.number, 1}
		if errors.Is(err, errLongLine) {
			rec.reset(at)
			rec.broken = true
			n.report.at(at, err.Error())
			return nil
		}
		if err != nil {
			return err
		}
		if blank := bytes.TrimSpace(line); len(blank) == 0 {
			continue
		} else if !n.begun && blank[0] == '[' {
			n.report.at(at, "is a JSON array, not one JSON object per line; rename the file to .json")
			return io.EOF
		}
		n.begun = true
		rec.reset(at)
		parseObject(line, rec, n.report)
		return nil
	}
}
