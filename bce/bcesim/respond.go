package bcesim

import (
	"crypto/tls"
	"encoding/json"
	"maps"
	"math"
	"net"
	"net/http"
	"strconv"
)

const (
	jsonType = "application/json;charset=UTF-8"
	htmlPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
		"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>bfe</center>\r\n</body>\r\n</html>\r\n"
)

// errorBody is BCE's body of a refusal.
type errorBody struct {
	RequestID string `json:"requestId"`
	Code      string `json:"code"`
	Message   string `json:"message"`
}

// turnedAway answers for faults that prevent the call from having any effect.
func (x *exchange) turnedAway() bool {
	rule := x.plan.outcome
	switch x.plan.kind() {
	case FaultError500:
		x.refuse(internalError(), nil)
	case FaultError503:
		x.refuse(unavailable(), nil)
	case FaultHTML502:
		x.html()
	case Fault429:
		var header http.Header
		if rule.Duration > 0 {
			seconds := int(math.Ceil(rule.Duration.Seconds()))
			header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
		}
		x.refuse(refuseWith(http.StatusTooManyRequests, CodeRateLimit, "too many requests"), header)
	case FaultAnswer:
		x.refuse(refuseWith(rule.Status, rule.Code, "as the fault's rule says"), nil)
	default:
		return false
	}
	return true
}

// fail is the result of an operation under [FaultFail]: it has no effect.
func (x *exchange) fail() result {
	rule := x.plan.outcome
	return result{failed: true, refusal: refuseWith(rule.Status, rule.Code, "the operation failed, as the fault's rule says")}
}

// respond answers with the call's result, unless a fault loses the answer. Refusals are never lost.
func (x *exchange) respond(res result) {
	x.call.HaVIPID, x.call.Replayed = res.haVIPID, res.replayed
	if res.refusal != nil {
		if !res.failed {
			x.call.Fault = x.plan.modifiers()
		}
		x.refuse(res.refusal, res.header)
		return
	}
	switch x.plan.kind() {
	case FaultCommit500:
		x.refuse(internalError(), nil)
	case FaultCommit503:
		x.refuse(unavailable(), nil)
	case FaultCommitReset:
		x.reset()
	case FaultCommitCut:
		x.write(res.status, jsonType, res.body[:len(res.body)/2], max(len(res.body), 2))
	case FaultCommitEmpty:
		x.write(http.StatusOK, jsonType, nil, 0)
	case FaultCommitBrace:
		x.write(http.StatusOK, jsonType, []byte("{}"), 2)
	case FaultCommitHTML:
		x.html()
	default:
		x.write(res.status, jsonType, res.body, len(res.body))
	}
}

func internalError() *Error {
	return refuseWith(http.StatusInternalServerError, CodeInternalError, "we encountered an internal error; please try again")
}

func unavailable() *Error {
	return refuseWith(http.StatusServiceUnavailable, CodeServiceUnavailable, "the service is not available; please try again")
}

// refuse answers with an error body.
func (x *exchange) refuse(refusal *Error, header http.Header) {
	status, code := x.personality.reword(refusal)
	x.call.Code = code
	maps.Copy(x.w.Header(), header)
	body, err := json.Marshal(errorBody{RequestID: x.call.RequestID, Code: code, Message: refusal.Message})
	if err != nil {
		panic("bcesim: strings cannot fail to encode: " + err.Error())
	}
	x.write(status, jsonType, body, len(body))
}

// html answers like a gateway that cannot reach its server: a page, and no request ID.
func (x *exchange) html() {
	x.call.RequestID = ""
	x.write(http.StatusBadGateway, "text/html", []byte(htmlPage), len(htmlPage))
}

// write sends an answer with the given Content-Length; if body is shorter, net/http closes the
// connection.
func (x *exchange) write(status int, contentType string, body []byte, length int) {
	header := x.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(length))
	header.Set("Date", x.now.UTC().Format(http.TimeFormat))
	header.Set("Server", "BWS")
	if x.call.RequestID != "" {
		header.Set("X-Bce-Request-Id", x.call.RequestID)
	}
	x.call.Status = status
	x.w.WriteHeader(status)
	// This fails if the client has left, which ClientGone records.
	_, _ = x.w.Write(body)
}

// reset drops the connection, with a TCP RST if possible, so that the client fails at once instead of
// reading an orderly end.
func (x *exchange) reset() {
	x.call.RequestID = ""
	x.settle()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	// Errors do not matter: the connection is meant to break.
	raw := conn
	if secure, ok := conn.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}
