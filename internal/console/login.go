package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

type identityKey struct{}

func withIdentity(ctx context.Context, who identity) context.Context {
	return context.WithValue(ctx, identityKey{}, who)
}

func identityOf(ctx context.Context) identity {
	who, _ := ctx.Value(identityKey{}).(identity)
	return who
}

// maxForm bounds what a form sends, in bytes.
const maxForm = 16 << 10

// loginView is the page on which a browser gives its token.
type loginView struct {
	Back    string
	Refused bool
}

func loginPage(_ context.Context, v *visit) (content, error) {
	return v.loginContent(loginView{Back: ownPath(v.query("back"))}), nil
}

func (v *visit) loginContent(view loginView) content {
	return content{template: "login.html", Title: v.T("Sign in"), Data: view}
}

// login exchanges a token for a cookie.
func (c *console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	back, until := ownPath(r.PostFormValue("back")), time.Now().Add(sessionFor)
	value, ok := c.access.Tokens.cookieFor(strings.TrimSpace(r.PostFormValue("token")), until)
	if !ok {
		v := c.newVisit(r)
		c.write(w, r, v, func(context.Context, *visit) (content, error) {
			return v.loginContent(loginView{Back: back, Refused: true}), errRefused
		})
		return
	}
	http.SetCookie(w, sessionCookie(r, value, until))
	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // ownPath allows only paths of this console
}

// errRefused is for a page that says itself what was refused.
var errRefused = errors.New("refused")

func sessionCookie(r *http.Request, value string, until time.Time) *http.Cookie {
	overTLS := r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
	return &http.Cookie{ //nolint:gosec // Secure where TLS is known to be used: a browser would drop the cookie otherwise
		Name: cookieName, Value: value, Path: "/", Expires: until, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: overTLS,
	}
}

// logout forgets the cookie.
func (c *console) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, sessionCookie(r, "", time.Unix(1, 0)))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
