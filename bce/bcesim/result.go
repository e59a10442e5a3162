package bcesim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// result is what an operation came to: an answer's status and body, or a refusal. It has
// nothing of the one response, so that a token can keep it and give it again.
type result struct {
	status  int
	body    []byte
	refusal *Error
	// haVIPID is the HaVIP concerned.
	haVIPID string
	// made is the HaVIP that this very call created; a replay has none.
	made *haVIP
	// failed says that it is [FaultFail]'s refusal.
	failed bool
	// replayed says that the result is an earlier call's.
	replayed bool
	// header is added to the response.
	header http.Header
}

func refused(refusal *Error) result { return result{refusal: refusal} }

// done is the answer of an operation that has nothing to say: 200 and no body.
func done(h *haVIP) result { return result{status: http.StatusOK, haVIPID: h.id} }

// answered is a 200 with a body, the only success that the API has.
func answered(body any) result {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("bcesim: an answer of strings and numbers cannot fail to encode: %v", err))
	}
	return result{status: http.StatusOK, body: text}
}
