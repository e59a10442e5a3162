package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"havip/ledger"
)

// page makes the content of a page.
type page func(ctx context.Context, v *visit) (content, error)

// content is what a page shows.
type content struct {
	// template is the file that shows Data. Title is in the language of the visit, and Section the entry of the navigation.
	template       string
	Title, Section string
	Data           any
}

// shown is what templates get.
type shown struct {
	*visit
	content
}

// errNotFound means that there is no such page, batch or item.
var errNotFound = errors.New("there is no such page")

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages by file name. Each has the layout and the shared parts.
var templates = parseTemplates()

func parseTemplates() map[string]*template.Template {
	shared := template.Must(template.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	all := map[string]*template.Template{}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(fmt.Sprintf("console: embedded templates: %v", err))
	}
	for _, entry := range entries {
		all[entry.Name()] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, "templates/"+entry.Name()))
	}
	return all
}

// serve serves a page, or follows it if the browser asks for a stream of events.
func (c *console) serve(show page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := c.newVisit(r)
		w.Header().Add("Vary", "Accept, Accept-Language, Cookie")
		if r.Header.Get("Accept") == "text/event-stream" {
			c.follow(r.Context(), w, v, show)
			return
		}
		c.write(w, r, v, show)
	})
}

// write makes a page and sends it.
func (c *console) write(w http.ResponseWriter, r *http.Request, v *visit, show page) {
	body, status := c.render(r.Context(), v, show)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // html/template has escaped it, and a browser that has gone needs no page
}

// render makes the whole page. An error is a page as well.
func (c *console) render(ctx context.Context, v *visit, show page) (body []byte, status int) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	made, err := show(ctx, v)
	status = http.StatusOK
	switch {
	case errors.Is(err, errRefused):
		status = http.StatusUnprocessableEntity
	case err != nil:
		made, status = c.failed(v, err)
	}
	var b bytes.Buffer
	if err := templates[made.template].ExecuteTemplate(&b, "layout", shown{v, made}); err != nil {
		c.log.Error().Err(err).Str("page", made.template).Msg("console: page not shown")
		return []byte("this page could not be made; the worker's log says why\n"), http.StatusInternalServerError
	}
	return b.Bytes(), status
}

// failed is the page about an error.
func (c *console) failed(v *visit, err error) (content, int) {
	var batch *ledger.BatchNotFoundError
	var item *ledger.ItemNotFoundError
	if errors.As(err, &batch) && batch.Archive != nil { // says where it is
		return content{template: "error.html", Title: v.T("Not found"), Data: batch.Error()}, http.StatusNotFound
	}
	if errors.Is(err, errNotFound) || errors.As(err, &batch) || errors.As(err, &item) {
		return content{template: "error.html", Title: v.T("Not found"), Data: ""}, http.StatusNotFound
	}
	var refused refusal
	switch {
	case errors.Is(err, errForbidden):
		return content{template: "error.html", Title: v.T("You may not do this"), Data: v.T("You may read; this needs the role act.")}, http.StatusForbidden
	case errors.As(err, &refused):
		return content{template: "error.html", Title: v.T("This is not possible"), Data: refused.Error()}, http.StatusBadRequest
	}
	if errors.Is(err, context.Canceled) { // the browser has gone
		return content{template: "error.html", Title: v.T("This page cannot be shown now"), Data: ""}, http.StatusServiceUnavailable
	}
	err = c.session.Explain(err)
	c.log.Warn().Err(err).Str("path", v.request.URL.Path).Msg("console: page failed")
	return content{template: "error.html", Title: v.T("This page cannot be shown now"), Data: err.Error()}, http.StatusServiceUnavailable
}
