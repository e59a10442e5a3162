package render

import (
	"io"
	"strconv"
	"strings"

	"havip/tasks"
)

// Result is one item as the results commands show it: what programs get, too.
type Result = tasks.Result

// Results shows results. The item columns of CSV have the names that input files use, so that its output
// can be edited and read in again.
func Results() List[Result] {
	return List[Result]{
		Lines: true,
		Head: []string{
			"batch", "key", "line", "state", "haVipId", "name", "subnetId",
			"privateIpAddress", "description", "account", "region", "attempts", "code",
			"message", "requestId", "clientToken", "createdAt", "updatedAt",
		},
		Record: func(r Result) []string {
			return []string{
				r.Batch, r.Key, strconv.Itoa(r.Line), string(r.State), r.HaVIPID, r.Name, r.SubnetID,
				r.PrivateIPAddress, r.Description, r.Account, r.Region, strconv.Itoa(r.Attempts), r.Code,
				r.Message, r.RequestID, r.ClientToken, r.CreatedAt.String(), r.UpdatedAt.String(),
			}
		},
		Grid: func(w io.Writer, width int) *Grid {
			const address, subnet, attempts, why = 3, 4, 5, 6
			grid := NewGrid(w, width, why, "KEY", "STATE", "HAVIP", "ADDRESS", "SUBNET", "ATTEMPTS", "WHY")
			return grid.Dispensable(subnet, attempts).Folded(address)
		},
		Row: func(g *Grid, r Result) error {
			log, err := attemptLines(r.Log, g.width)
			if err != nil {
				return err
			}
			return g.noted(log, []string{r.Key, string(r.State), dash(r.HaVIPID), dash(r.PrivateIPAddress), r.SubnetID, strconv.Itoa(r.Attempts), answer(r.Code, r.Message)})
		},
	}
}

// attemptLines shows the requests sent for an item, to stand below it: number, time, class, HTTP status,
// how long it took, by which worker, request ID and what was said.
func attemptLines(log []tasks.Attempt, width int) (string, error) {
	if width > 0 {
		width = max(1, width-len(belowIndent))
	}
	const took, worker, request, said, columns = 4, 5, 6, 7, 8
	var b strings.Builder
	grid := NewGrid(&b, width, said, make([]string, columns)...).Dispensable(took, worker).Folded(request)
	for _, a := range log {
		took := strconv.FormatInt(a.DurationMS, 10) + "ms"
		if err := grid.Row("#"+strconv.Itoa(a.Number), a.At.String(), a.Class, status(a.Status), took, a.Worker, dash(a.RequestID), answer(a.Code, a.Message)); err != nil {
			return "", err
		}
	}
	if err := grid.Close(); err != nil || b.Len() == 0 {
		return "", err
	}
	return belowIndent + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n"+belowIndent) + "\n", nil
}

// answer is a code and a message as one text; either may be missing.
func answer(code, message string) string {
	if code == "" || message == "" {
		return code + message
	}
	return code + ": " + message
}

// status is an HTTP status, or a dash where there was no answer.
func status(code int) string {
	if code == 0 {
		return dash("")
	}
	return strconv.Itoa(code)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
