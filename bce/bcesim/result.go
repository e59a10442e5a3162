package bcesim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// result is an operation's result: a status and body, or a refusal. It is independent of the
// response, so that a token can repeat it.
type result struct {
	status  int
	body    []byte
	refusal *Error
	// haVIPID is the operation's HaVIP.
	haVIPID string
	// made is the HaVIP that this call created; a replay has none.
	made *haVIP
	// failed marks [FaultFail]'s refusal.
	failed bool
	// replayed says that the result is an earlier call's.
	replayed bool
	// header is added to the response.
	header http.Header
}

func refused(refusal *Error) result { return result{refusal: refusal} }

// done is a 200 without a body.
func done(h *haVIP) result { return result{status: http.StatusOK, haVIPID: h.id} }

// answered is a 200 with a body.
func answered(body any) result {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("bcesim: an answer of strings and numbers cannot fail to encode: %v", err))
	}
	return result{status: http.StatusOK, body: text}
}
