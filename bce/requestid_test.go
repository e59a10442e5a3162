package bce

import (
	"regexp"
	"strings"
	"testing"
)

// TestAttemptsOfOneSecondDiffer: two attempts are distinct, though their bytes,
// token and date are the same.
func TestAttemptsOfOneSecondDiffer(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`}
	client, _ := rec.serve(t, nil)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	ids, authorizations := map[string]bool{}, map[string]bool{}
	for range 2 {
		if _, err := client.CreateHaVIPBody(t.Context(), "t", []byte(createBody)); err != nil {
			t.Fatal(err)
		}
	}
	for _, req := range rec.requests() {
		id, authorization := req.Header.Get(headerRequestID), req.Header.Get("Authorization")
		if !uuid.MatchString(id) || !strings.Contains(authorization, "x-bce-request-id") {
			t.Errorf("request ID %q is no UUID or is not signed by %s", id, authorization)
		}
		ids[id], authorizations[authorization] = true, true
	}
	if len(ids) != 2 || len(authorizations) != 2 {
		t.Errorf("the attempts have %d request IDs and %d signatures; want 2 of each", len(ids), len(authorizations))
	}
}
