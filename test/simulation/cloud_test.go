package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cloud is a BCE that does what its documentation says, and the worst that the documentation leaves open.
type cloud struct {
	*stage
	personality
	// ahead is how far its clock is ahead.
	ahead time.Duration
	// steps are those of clocks, by which ages lie.
	steps  []clockStep
	havips []*havip
	tokens map[string]*tokenMemory
	// away: it answers nothing but errors. Denied is a subnet in which nothing may be created; taken are addresses
	// that somebody else's servers have.
	away   bool
	denied string
	taken  map[string]bool
	made   int
	// refused counts the requests that were refused for each item.
	refused map[string]int
	// keyOf is the item of each token.
	keyOf map[string]string
	// sending are the processes with a create of an item under way; forgetful are ledgers that have forgotten some.
	sending   map[[2]string]map[*process]bool
	forgetful map[string]bool
	// fellBack is when it forgot last.
	fellBack map[string]time.Time
	// excused are items that a restored ledger may double, beside that HaVIP.
	excused func(site, key, beside string) bool
	// excuse notes that an item may be doubled.
	excuse func(site, key string)
	// mayPass reports whether another ledger's HaVIP may pass for this ledger's own.
	mayPass func(site string, v *havip) bool
	// sends is called for each create that is sent.
	sends func(site, key string)
}

// clockStep is a step of BCE's clock, or of the clock of a site's Redis.
type clockStep struct {
	site string // "" is BCE
	at   time.Time
}

// steppedSince reports whether a clock stepped by which the site tells ages.
func (c *cloud) steppedSince(site string, at time.Time) bool {
	return slices.ContainsFunc(c.steps, func(step clockStep) bool {
		return (step.site == "" || step.site == site) && !step.at.Before(at)
	})
}

// personality is what differs from one BCE to another, in what is not known about it.
type personality struct {
	// lag is how long after its creation a HaVIP is listed and shown.
	lag time.Duration
	// work is how long BCE works on some creates, whose token it answers meanwhile that it is busy with.
	work time.Duration
	// busy is the answer to those: status and code.
	busy [2]string
	// offsets: markers are positions, so that a deletion shifts what follows.
	offsets bool
	page    int
	// remembersRefusals: a token that was refused is refused again alike.
	remembersRefusals bool
	// refuses is how many of the first requests of an item it refuses alike; refusesFirst: before it looks at the token.
	refuses      int
	refusesFirst bool
	refusal      reply
	// refusesRestored is how many it refuses so when a backup was restored.
	refusesRestored int
	// refusesBusy: of a token that it is busy with, it says at first only that the request cannot be carried out.
	refusesBusy bool
	// takenCode is with which code it refuses an address that is taken.
	takenCode string
}

type havip struct {
	id, name, subnet, address, description string
	// created is by BCE's clock, at by the story's.
	created, at time.Time
	visible     time.Time
	gone        bool
	// site and key are whose request created it, "" a person's; goneBy is who deleted it.
	site, key, goneBy string
	renamed           bool
	goneAt            time.Time
	// unknown: its ledger has forgotten the time in which it was created, or deleted.
	unknown bool
}

// tokenMemory is what BCE knows of a clientToken, for 24 hours after it received it last.
type tokenMemory struct {
	body     string
	received time.Time
	until    time.Time
	// busy counts the requests until then.
	busy    int
	id      string
	refused *reply
}

type reply struct {
	status     int
	code, text string
	body       []byte
	retryAfter int
}

func (c *cloud) now() time.Time { return time.Now().Add(c.ahead) }

func newCloud(s *stage) *cloud {
	c := &cloud{
		refused: map[string]int{},
		stage:   s, tokens: map[string]*tokenMemory{}, taken: map[string]bool{}, keyOf: map[string]string{},
		sending: map[[2]string]map[*process]bool{}, forgetful: map[string]bool{}, fellBack: map[string]time.Time{},
	}
	c.personality = personality{page: 1000, refusal: reply{status: 403, code: "QuotaLimitExceeded", text: "quota"}, takenCode: "PrivateIpInUseException", busy: [2]string{"409", "OperationInProgress"}}
	c.lag = []time.Duration{0, 0, time.Second, 20 * time.Second, 30 * time.Second, 4 * time.Minute}[s.draw(6)]
	c.work = []time.Duration{0, 0, 5 * time.Second, 30 * time.Second, 110 * time.Second, 4 * time.Minute}[s.draw(6)]
	c.busy = [][2]string{{"409", "OperationInProgress"}, {"400", "RequestIsProcessing"}, {"500", "InternalError"}, {"423", "ResourceLocked"}}[s.draw(4)]
	c.page = []int{1000, 1, 2}[s.draw(3)]
	c.remembersRefusals = s.chance(20)
	return c
}

// request is one that arrives.
type request struct {
	method, path, token, marker string
	body                        string
	// signed is when, by the signer's clock, and life how long that holds.
	signed time.Time
	life   time.Duration
	site   string
	began  time.Time
}

// answer carries a request out.
func (c *cloud) answer(r request) reply {
	now := time.Now() // whatever its clock says
	switch skew := c.now().Sub(r.signed); {
	case skew > r.life || skew.Abs() > 30*time.Minute:
		return reply{status: 400, code: "RequestExpired", text: "the request has expired"}
	case c.away:
		return reply{status: 503, code: "ServiceUnavailable", text: "come back later"}
	}
	id, single := strings.CutPrefix(r.path, "/v1/havip/")
	switch {
	case r.method == http.MethodPost:
		return c.create(r, now)
	case r.method == http.MethodGet && single:
		return c.get(id, now)
	case r.method == http.MethodGet:
		return c.list(r.marker, now)
	case r.method == http.MethodDelete:
		return c.delete(id, r)
	}
	return reply{status: 404, code: "InvalidURI"}
}

func (c *cloud) create(r request, now time.Time) reply {
	key := c.keyOf[r.token]
	refuses := func() bool {
		c.refused[key]++
		return c.refused[key] <= c.refuses
	}
	if c.refusesFirst && refuses() {
		return c.refusal
	}
	known := c.tokens[r.token]
	if known != nil && now.Sub(known.received) > 24*time.Hour {
		known = nil
	}
	if known != nil {
		known.received = now
		switch {
		case known.body != r.body:
			return reply{status: 403, code: "IdempotentParameterMismatch", text: "the token was used with other parameters"}
		case now.Before(known.until):
			if known.busy++; c.refusesBusy && known.busy == 1 {
				return reply{status: 400, code: "InvalidState", text: "the request cannot be carried out"}
			}
			status, _ := strconv.Atoi(c.busy[0])
			return reply{status: status, code: c.busy[1], text: "an operation is in progress"}
		case known.refused != nil:
			return *known.refused
		}
		return created(known.id)
	}
	var want struct {
		Name, SubnetID, PrivateIPAddress, Description string
	}
	if err := json.Unmarshal([]byte(r.body), &want); err != nil {
		return reply{status: 400, code: "MalformedJSON"}
	}
	refuse := func(answer reply) reply {
		if c.remembersRefusals {
			c.tokens[r.token] = &tokenMemory{body: r.body, received: now, refused: &answer}
		}
		return answer
	}
	switch {
	case !c.refusesFirst && refuses():
		return refuse(c.refusal)
	case c.chance(c.faulty()):
		return refuse(c.trouble())
	case c.denied == want.SubnetID:
		return refuse(reply{status: 403, code: "AccessDenied", text: "denied"})
	case want.PrivateIPAddress != "" && c.isTaken(want.SubnetID, want.PrivateIPAddress):
		return refuse(reply{status: 400, code: c.takenCode, text: "the address is in use"})
	}
	if time.Since(r.began) > r.life { // BCE's clock was put back since it was signed
		c.excuse(r.site, key)
	}
	c.checkAlone(r.site, key)
	v := c.add(want.Name, want.SubnetID, want.PrivateIPAddress, now)
	v.site, v.key = r.site, key
	v.unknown = c.forgetful[r.site] && !r.began.After(c.fellBack[r.site]) // nor that this request was begun
	v.description = want.Description
	memory := &tokenMemory{body: r.body, received: now, id: v.id}
	c.tokens[r.token] = memory
	c.say(nil, "BCE creates %s for %s %s under %s", v.id, r.site, key, r.token)
	c.count("created")
	if c.work > 0 && c.chance(40) {
		memory.until = now.Add(c.work)
		v.visible = memory.until.Add(c.lag)
		return reply{status: 504, code: "", text: "", body: []byte("<html>gateway timeout</html>")}
	}
	return created(v.id)
}

// trouble is a refusal that is nobody's fault.
func (c *cloud) trouble() reply {
	return []reply{
		{status: 429, code: "RateLimit", text: "too many requests", retryAfter: 3},
		{status: 500, code: "InternalError", text: "try again"},
		{status: 503, body: []byte("<html>")},
		{status: 403, code: "QuotaLimitExceeded", text: "quota"},
		{status: 400, code: "ServiceUpgrading", text: "wait"},
	}[c.draw(5)]
}

// checkAlone breaks the promise that this project is about.
func (c *cloud) checkAlone(site, key string) {
	for _, v := range c.havips {
		if !v.gone && key != "" && v.site == site && v.key == key && !c.excused(site, key, v.id) && !v.renamed {
			c.breaks("a second HaVIP is created for item %s of ledger %s beside %s", key, site, v.id)
		}
	}
}

func (c *cloud) add(name, subnet, address string, now time.Time) *havip {
	c.made++
	if address == "" {
		address = fmt.Sprintf("10.9.%d.%d", c.made/200, c.made%200+1)
	}
	v := &havip{
		id: fmt.Sprintf("havip-%04d", c.made), name: name, subnet: subnet, address: address,
		created: now.Add(c.ahead).Truncate(time.Second), at: now, visible: now.Add(c.lag),
	}
	c.havips = append(c.havips, v)
	return v
}

func (c *cloud) isTaken(subnet, address string) bool {
	return c.taken[address] || slices.ContainsFunc(c.havips, func(v *havip) bool {
		return !v.gone && v.subnet == subnet && v.address == address
	})
}

func created(id string) reply {
	return reply{status: 200, body: []byte(`{"haVipId":"` + id + `"}`)}
}

// forgot reports whether BCE knows no token any more that created the HaVIP.
func (c *cloud) forgot(id string) bool {
	for _, token := range c.tokens {
		if token.id == id && time.Since(token.received) <= 24*time.Hour {
			return false
		}
	}
	return true
}

func (c *cloud) find(id string) *havip {
	for _, v := range c.havips {
		if v.id == id {
			return v
		}
	}
	return nil
}

type wireHaVIP struct {
	ID      string `json:"haVipId"`
	Name    string `json:"name"`
	Subnet  string `json:"subnetId"`
	Address string `json:"privateIpAddress"`
	Status  string `json:"status"`
	Created string `json:"createdTime"`
}

func (v *havip) wire() wireHaVIP {
	return wireHaVIP{v.id, v.name, v.subnet, v.address, "available", v.created.UTC().Format(time.RFC3339)}
}

func (c *cloud) get(id string, now time.Time) reply {
	v := c.find(id)
	if v == nil || v.gone || now.Before(v.visible) {
		return reply{status: 404, code: "NoSuchObject", text: "there is none"}
	}
	body, _ := json.Marshal(v.wire())
	return reply{status: 200, body: body}
}

func (c *cloud) list(marker string, now time.Time) reply {
	var shown []*havip
	for _, v := range c.havips {
		if !v.gone && !now.Before(v.visible) {
			shown = append(shown, v)
		}
	}
	from := 0
	if c.offsets {
		from, _ = strconv.Atoi(marker)
	} else if marker != "" {
		from, _ = slices.BinarySearchFunc(shown, marker, func(v *havip, id string) int { return strings.Compare(v.id, id) })
	}
	from = min(from, len(shown))
	end := min(from+c.page, len(shown))
	answer := map[string]any{"isTruncated": end < len(shown), "maxKeys": 1000}
	page := make([]wireHaVIP, 0, end-from)
	for _, v := range shown[from:end] {
		page = append(page, v.wire())
	}
	answer["haVips"] = page
	if end < len(shown) {
		answer["nextMarker"] = shown[end].id
		if c.offsets {
			answer["nextMarker"] = strconv.Itoa(end)
		}
	}
	body, _ := json.Marshal(answer)
	return reply{status: 200, body: body}
}

func (c *cloud) delete(id string, r request) reply {
	v := c.find(id)
	if v == nil || v.gone {
		return reply{status: 404, code: "NoSuchObject", text: "there is none"}
	}
	if c.chance(c.faulty()) {
		return c.trouble()
	}
	if v.site != r.site && !c.mayPass(r.site, v) {
		c.breaks("ledger %s deletes %s, which is of %q", r.site, id, v.site)
	}
	v.gone, v.goneBy, v.goneAt = true, r.site, time.Now()
	v.unknown = v.unknown || c.forgetful[r.site] && !r.began.After(c.fellBack[r.site]) // nor that this deletion was begun
	c.say(nil, "BCE deletes %s", id)
	return reply{status: 200, body: []byte("{}")}
}

// transport leads a process's requests to BCE.
type transport struct {
	*cloud
	by   *process
	site string
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{method: req.Method, path: req.URL.Path, site: t.site, began: time.Now()}
	r.token, r.marker = req.URL.Query().Get("clientToken"), req.URL.Query().Get("marker")
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		_ = req.Body.Close()
		r.body = string(body)
	}
	r.signed, r.life = signature(req.Header.Get("Authorization"))
	var answer reply
	c := &call{
		what: fmt.Sprintf("BCE %s %s %s", r.method, r.path, r.token), isBCE: true,
		run: func() {
			answer = t.answer(r)
			t.say(t.by, "BCE answers %d %s %s", answer.status, answer.code, answer.body)
		},
		again: func() { t.answer(r) },
	}
	if r.method == http.MethodPost {
		defer t.underWay(r)()
	}
	if err := t.by.call(req.Context(), c); err != nil {
		return nil, err
	}
	return t.response(req, answer), nil
}

// underWay notes that a process sends a create, until it has heard of its end. No other that lives may be at it.
func (t transport) underWay(r request) (over func()) {
	key := [2]string{r.site, t.keyOf[r.token]}
	t.sends(r.site, key[1])
	t.locking.Lock()
	defer t.locking.Unlock()
	for other := range t.sending[key] {
		if !other.dead.Load() && !other.stopped.Load() && !t.forgetful[r.site] {
			t.breaks("%s and %s send item %s at once", other.name, t.by.name, key[1])
		}
	}
	if t.sending[key] == nil {
		t.sending[key] = map[*process]bool{}
	}
	t.sending[key][t.by] = true
	return func() { t.locked(func() { delete(t.sending[key], t.by) }) }
}

func (t transport) response(req *http.Request, a reply) *http.Response {
	header := http.Header{}
	header.Set("Date", t.now().UTC().Format(http.TimeFormat))
	header.Set("X-Bce-Request-Id", fmt.Sprintf("request-%d", t.by.calls))
	header.Set("Content-Type", "application/json")
	if a.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(a.retryAfter))
	}
	body := a.body
	if body == nil {
		body, _ = json.Marshal(map[string]string{"code": a.code, "message": a.text, "requestId": "r"})
	}
	return &http.Response{
		StatusCode: a.status, Status: strconv.Itoa(a.status), Header: header, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// signature reads bce-auth-v1/AK/TIME/LIFE/….
func signature(header string) (signed time.Time, life time.Duration) {
	parts := strings.Split(header, "/")
	if len(parts) < 4 {
		return time.Time{}, 0
	}
	signed, _ = time.Parse(time.RFC3339, parts[2])
	seconds, _ := strconv.Atoi(parts[3])
	return signed, time.Duration(seconds) * time.Second
}
