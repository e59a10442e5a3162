package render

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"havip/ledger"
	"havip/tasks"
)

// Result is one item as the results commands show it: what programs get, too.
type Result = tasks.Result

// Results shows results. The item columns of CSV have the names that input files use, so that its output
// can be edited and read in again.
func Results() List[Result] {
	state := func(r Result) string { return string(r.State) }
	return List[Result]{
		Lines: true,
		Columns: []Column[Result]{
			{Name: "batch", Text: func(r Result) string { return r.Batch }},
			{Name: "key", Text: func(r Result) string { return r.Key }, Width: 12},
			{Name: "line", Number: func(r Result) int64 { return int64(r.Line) }},
			{Name: "state", Text: state, Color: func(r Result) Color { return StateColor(r.State) }, Width: len(ledger.Rejected)},
			{Name: "haVipId", Head: "HAVIP", Text: func(r Result) string { return r.HaVIPID }, Cell: func(r Result) string { return dash(r.HaVIPID) }, Width: 18},
			{Name: "name", Text: func(r Result) string { return r.Name }, Width: 12},
			{Name: "subnetId", Head: "SUBNET", Text: func(r Result) string { return r.SubnetID }},
			{
				Name: "privateIpAddress", Head: "ADDRESS", Text: func(r Result) string { return r.PrivateIPAddress }, Compare: CompareAddresses,
				Cell: func(r Result) string { return dash(r.PrivateIPAddress) }, Width: len("10.0.100.100"),
			},
			{Name: "description", Text: func(r Result) string { return r.Description }},
			{Name: "account", Text: func(r Result) string { return r.Account }},
			{Name: "region", Text: func(r Result) string { return r.Region }},
			{Name: "attempts", Number: func(r Result) int64 { return int64(r.Attempts) }},
			{Name: "code", Text: func(r Result) string { return r.Code }},
			{Name: "message", Text: func(r Result) string { return r.Message }},
			{Name: "requestId", Head: "REQUEST", Text: func(r Result) string { return r.RequestID }, Cell: func(r Result) string { return dash(r.RequestID) }},
			{Name: "clientToken", Head: "CLIENT TOKEN", Text: func(r Result) string { return r.ClientToken }},
			{Name: "createdAt", Head: "CREATED", Time: func(r Result) time.Time { return r.CreatedAt.Time }},
			{Name: "updatedAt", Head: "UPDATED", Time: func(r Result) time.Time { return r.UpdatedAt.Time }},
			{Name: "lane", Text: func(r Result) string { return r.Account + "/" + r.Region }, Derived: true},
			{Name: "why", Text: func(r Result) string { return answer(r.Code, r.Message) }, Derived: true},
		},
		Table: []string{"key", "name", "state", "haVipId", "privateIpAddress", "createdAt", "why"},
		Wide: []string{
			"key", "name", "state", "haVipId", "privateIpAddress", "subnetId", "lane", "attempts", "requestId", "createdAt", "updatedAt", "description", "why",
		},
		Flexible: "why", Dispensable: []string{"createdAt", "name"}, Folded: []string{"privateIpAddress"},
		Below: func(r Result, style Style) (string, error) { return attemptLines(r.Log, style.Width, style.Zone) },
	}
}

// CompareAddresses orders IP addresses as numbers; what is none comes first.
func CompareAddresses(a, b string) int {
	one, _ := netip.ParseAddr(a)
	other, _ := netip.ParseAddr(b)
	return one.Compare(other)
}

// attemptLines shows the requests sent for an item, to stand below it: number, time, class, HTTP status,
// how long it took, by which worker, request ID and what was said.
func attemptLines(log []tasks.Attempt, width int, zone *time.Location) (string, error) {
	if width > 0 {
		width = max(1, width-len(belowIndent))
	}
	const took, worker, request, said, columns = 4, 5, 6, 7, 8
	var b strings.Builder
	grid := NewGrid(&b, width, said, make([]string, columns)...).Dispensable(took, worker).Folded(request)
	for _, a := range log {
		took := strconv.FormatInt(a.DurationMS, 10) + "ms"
		if err := grid.Row("#"+strconv.Itoa(a.Number), timeCell(a.At.Time, zone), a.Class, status(a.Status), took, a.Worker, dash(a.RequestID), answer(a.Code, a.Message)); err != nil {
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
