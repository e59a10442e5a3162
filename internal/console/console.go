package console

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/session"
)

// Config is what a console is made with. Redis is required.
type Config struct {
	Redis redis.Cmdable
	// RedisURL is its URL, to verify that it keeps what is changed.
	RedisURL string
	Access   Access
	// Logger gets the errors of pages.
	Logger zerolog.Logger
}

// console serves the pages.
type console struct {
	session *session.Session
	access  Access
	log     zerolog.Logger
	doctor  *doctor
	streams chan struct{}
	// ended is the end of the process: pages that update themselves end then.
	ended context.Context //nolint:containedctx // it is the server's, not a request's
}

const (
	// pageTimeout limits the making of one page.
	pageTimeout = 10 * time.Second
	// maxStreams bounds the pages that update themselves at the same time; any other page is complete without.
	maxStreams = 64
)

//go:embed assets
var assets embed.FS

// New returns the console. It answers every path; until ctx ends, its pages update themselves.
func New(ctx context.Context, config Config) http.Handler {
	s := session.New(config.Redis, func() {})
	s.URL = config.RedisURL
	c := &console{
		session: s, access: config.Access, log: config.Logger, doctor: newDoctor(config.Redis),
		streams: make(chan struct{}, maxStreams), ended: ctx,
	}
	known := http.NewServeMux()
	known.HandleFunc("POST /act", c.act)
	for path, show := range map[string]page{
		"GET /{$}":     batchesPage,
		"GET /batch":   batchPage,
		"GET /item":    itemPage,
		"GET /lanes":   lanesPage,
		"GET /workers": workersPage,
		"GET /doctor":  doctorPage,
		"GET /events":  eventsPage,
		"GET /act":     confirmPage,
		"GET /":        func(context.Context, *visit) (content, error) { return content{}, errNotFound },
	} {
		known.Handle(path, c.serve(show))
	}
	mux := http.NewServeMux()
	mux.Handle("/", c.authenticated(known))
	if config.Access.Tokens.Any() { // what a browser needs before it has signed in
		mux.Handle("GET /assets/", http.FileServerFS(assets))
		mux.HandleFunc("GET /language", c.setLanguage)
		mux.Handle("GET /login", c.serve(loginPage))
		mux.HandleFunc("POST /login", c.login)
		mux.HandleFunc("POST /logout", c.logout)
	} else {
		known.Handle("GET /assets/", http.FileServerFS(assets))
		known.HandleFunc("GET /language", c.setLanguage)
	}
	// A browser says which site a request comes from: other sites can have nothing done here.
	return withHeaders(http.NewCrossOriginProtection().Handler(mux))
}
