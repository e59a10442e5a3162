package bcesim

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is a simulator. It is safe for concurrent use.
type Server struct {
	options   Options
	clock     *clock
	control   http.Handler
	closed    chan struct{}
	closeOnce sync.Once

	// mu guards everything below. One lock makes every operation atomic; it is held for
	// microseconds only.
	mu          sync.Mutex
	credentials map[string]Credential
	worlds      map[string]*world
	receipts    map[string]*receipt
	busy        map[string]chan struct{}
	flights     map[string][]*flight
	director    *director
	gate        gate
	buckets     map[Operation]*bucket
	calls       callLog
	stats       Stats
}

// New returns a simulator without HaVIPs. It panics if [Options.Validate] fails.
func New(options Options) *Server {
	if err := options.Validate(); err != nil {
		panic(fmt.Sprintf("bcesim: options: %v", err))
	}
	options = options.withDefaults()
	s := &Server{
		options:     options,
		clock:       &clock{base: options.Now},
		credentials: map[string]Credential{},
		closed:      make(chan struct{}),
		worlds:      map[string]*world{},
		receipts:    map[string]*receipt{},
		busy:        map[string]chan struct{}{},
		flights:     map[string][]*flight{},
		director:    newDirector(options.Faults),
		buckets:     map[Operation]*bucket{},
		calls:       callLog{limit: options.CallLog},
		stats:       newStats(),
	}
	s.control = s.newControl()
	for _, credential := range options.Credentials {
		s.credentials[credential.AccessKeyID] = credential
	}
	for op, limit := range options.Limits {
		s.buckets[op] = newBucket(limit, s.Now())
	}
	return s
}

// Close ends all stalls and opens the gate permanently. It is not needed if no call waits, and may be
// called twice.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closed) }) }

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ControlPrefix) {
		s.control.ServeHTTP(w, r)
		return
	}
	x := s.begin(w, r)
	defer x.settle()
	if x.plan.kind() == FaultRefuse {
		x.reset()
		return
	}
	if !x.readBody() {
		return
	}
	s.pause(s.options.Latency + x.plan.stallBefore)
	s.atGate(x.plan.gateBefore)
	if x.turnedAway() {
		return
	}
	res := s.handle(x)
	s.pause(x.plan.stallAfter)
	s.atGate(x.plan.gateAfter)
	x.respond(res)
}

// handle checks a call and carries it out.
//
// The order of checks is BCE's where it is visible (a bad signature hides everything else).
// Otherwise, a refusal costs nothing: only a well-formed call uses the rate limit, and only one
// within the limit occupies its token.
func (s *Server) handle(x *exchange) result {
	x.now = s.Now().Add(x.plan.skew)
	if refusal := s.authenticate(x); refusal != nil {
		return refused(refusal)
	}
	if x.routeRefusal != nil {
		return refused(x.routeRefusal)
	}
	if x.tooLarge {
		return refused(refuse(CodeInvalidHTTPRequest, "the body has more than %d bytes", maxBody))
	}
	if refusal := x.checkTokens(); refusal != nil {
		return refused(refusal)
	}
	if res, throttled := s.admit(x); throttled {
		return res
	}
	if refusal := s.occupy(x); refusal != nil {
		return refused(refusal)
	}
	return s.carryOut(x)
}

// admit applies the rate limits.
func (s *Server) admit(x *exchange) (res result, throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	header, refusal := s.throttle(x.call.Operation, s.Now())
	if refusal == nil {
		return result{}, false
	}
	s.stats.RateLimited++
	return result{refusal: refusal, header: header}, true
}

// carryOut is the atomic step in which a call takes effect.
func (s *Server) carryOut(x *exchange) result {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.now = s.Now().Add(x.plan.skew)
	w := s.worlds[x.account]
	if w == nil {
		w = newWorld(&s.options, x.account, x.now)
		s.worlds[x.account] = w
	}
	var operate func(*exchange) result
	switch {
	case x.plan.kind() == FaultFail:
		operate = (*exchange).fail
	case x.call.Operation == AssumeRole: // its result is a key, of another account
		operate = s.assumeRole
	default:
		operate = w.operation(x.call.Operation)
	}
	if x.call.ClientToken == "" || !x.call.Operation.mutates() {
		return operate(x)
	}
	return s.once(x, operate)
}

// operation returns the method for op.
func (w *world) operation(op Operation) func(*exchange) result {
	switch op {
	case Create:
		return w.create
	case List:
		return w.list
	case Get:
		return w.get
	case Update:
		return w.update
	case Delete:
		return w.delete
	case Attach:
		return w.attach
	case Detach:
		return w.detach
	case BindPublicIP:
		return w.bindPublicIP
	case UnbindPublicIP:
		return w.unbindPublicIP
	case GetSubnet:
		return w.getSubnet
	case PrivateIPInfo:
		return w.privateIPInfo
	default:
		panic(fmt.Sprintf("bcesim: operation %q is routed but not implemented", op))
	}
}

// pause waits for d in real time, or until the server is closed.
func (s *Server) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closed:
	}
}
