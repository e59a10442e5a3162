package bce

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestClockLearns(t *testing.T) {
	t.Parallel()
	type answer struct {
		ahead, took time.Duration
		refused     bool
	}
	const twenty = 20 * time.Minute
	at := func(ahead time.Duration) answer { return answer{ahead: ahead} }
	for name, test := range map[string]struct {
		known   time.Duration
		answers []answer
		want    time.Duration
	}{
		"a few seconds apart":              {0, []answer{at(20 * time.Second), at(20 * time.Second)}, 0},
		"one answer proves nothing":        {0, []answer{at(twenty)}, 0},
		"two that agree":                   {0, []answer{at(twenty), at(twenty + 5*time.Second)}, twenty + 5*time.Second},
		"behind":                           {0, []answer{at(-twenty), at(-twenty)}, -twenty},
		"two that differ":                  {0, []answer{at(twenty), at(-twenty)}, 0},
		"one wild among good":              {0, []answer{at(twenty), at(0), at(twenty)}, 0},
		"one wild among corrected":         {time.Hour, []answer{at(-twenty), at(time.Hour), at(-twenty)}, time.Hour},
		"a refusal proves it":              {0, []answer{{ahead: twenty, refused: true}}, twenty},
		"a refusal that fits what we know": {time.Hour, []answer{{ahead: time.Hour + time.Second, refused: true}}, time.Hour},
		"our clock is right again":         {twenty, []answer{at(time.Second)}, 0},
		"our clock steps":                  {twenty, []answer{at(time.Hour), at(time.Hour)}, time.Hour},
		"the middle of the wait":           {0, []answer{{twenty, 9 * time.Second, true}}, twenty + 4500*time.Millisecond},
		"too slow to measure by":           {0, []answer{{twenty, time.Minute, true}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c clock
			c.set(test.known)
			for _, a := range test.answers {
				// Half a second is lost to rounding on average, which measure adds.
				c.learn(clientTime.Add(a.ahead-500*time.Millisecond), clientTime, a.took, a.refused)
			}
			if got := c.get(); got != test.want {
				t.Errorf("offset %v, want %v", got, test.want)
			}
		})
	}
}

func TestClockNeedsADate(t *testing.T) {
	t.Parallel()
	var c clock
	c.learn(time.Time{}, clientTime, 0, true)
	if got := c.get(); got != 0 {
		t.Errorf("offset %v", got)
	}
}

// TestClientLearnsTheClock by the dates of answers that are BCE's own, and by no others.
func TestClientLearnsTheClock(t *testing.T) {
	t.Parallel()
	const success, refusal, page = `{"haVipId":"havip-1"}`, `{"code":"AccessDenied","message":"no"}`, `<html>`
	for name, test := range map[string]struct {
		status int
		body   string
		learns bool
		atOnce bool
	}{
		"success":        {http.StatusOK, success, true, false},
		"refusal":        {http.StatusForbidden, refusal, true, false},
		"refused date":   {http.StatusBadRequest, `{"code":"RequestExpired","message":"no"}`, true, true},
		"a gateway":      {http.StatusBadGateway, page, false, false},
		"success, no ID": {http.StatusOK, `{}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ahead := 20 * time.Minute
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", clientTime.Add(ahead).Format(http.TimeFormat))
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			client, _ := newTestClient(t, server.URL, nil)
			for n := range 2 {
				_, _ = client.CreateHaVIPBody(t.Context(), "t", []byte(createBody))
				got := client.ClockOffset()
				if learned := near(got, ahead); learned != (test.learns && (n > 0 || test.atOnce)) {
					t.Errorf("after answer %d: offset %v", n+1, got)
				}
			}
		})
	}
}
