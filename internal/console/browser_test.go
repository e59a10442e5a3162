package console

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"havip"
	"havip/bce"
	"havip/bce/bcesim"
	"havip/internal/lane"
	"havip/internal/redisconn"
	"havip/internal/worker"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
	"havip/test/redistest"
)

// evil is what a page must show as text.
const evil = `"><script>pwned=1</script><img src=x onerror="pwned=1">`

// axeVersion is that of scripts/need-axe.
const axeVersion = "4.14.1"

// patience limits a wait for what a page or the ledger must show.
const patience = 2 * time.Minute

// browser is a real browser at a console.
type browser struct {
	*fixture
	//nolint:containedctx // the browser's tab is its context
	tab context.Context
	axe string
}

// openBrowser starts a headless Chromium.
func openBrowser(t *testing.T, f *fixture) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: make chromium installs it")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "havip-tools", "axe-core-"+axeVersion, "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing: make axe fetches it: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(path), chromedp.Flag("accept-lang", "en"))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b := &browser{fixture: f, tab: tab, axe: string(axe)}
	// Before anything of a page runs, so that nothing escapes it.
	watch := cdp.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.faults = [];
		addEventListener("error", (e) => faults.push(String(e.message)));
		document.addEventListener("securitypolicyviolation", (e) => faults.push(e.violatedDirective + " " + e.blockedURI));
		window.alert = () => { pwned = 1 };`}
	if _, err := chromedp.Call(tab, cdp.AddScriptToEvaluateOnNewDocument, watch); err != nil {
		t.Fatal(err)
	}
	return b
}

// look sets the width and the color scheme of the pages to come.
func (b *browser) look(t *testing.T, width int64, scheme string) {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.tab, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.EmulateViewport(width, 800))
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func (b *browser) open(t *testing.T, path string) {
	t.Helper()
	b.do(t, chromedp.Navigate(b.server.URL+path), chromedp.WaitVisible(chromedp.CSS("main h1")))
}

func evaluate[T any](t *testing.T, b *browser, script string, options ...chromedp.EvaluateOption) T {
	t.Helper()
	value, err := chromedp.Run(b.tab, chromedp.Evaluate[T](script, options...))
	if err != nil {
		t.Fatalf("%v: %.200s", err, script)
	}
	return value
}

// await waits until the page contains the text.
func (b *browser) await(t *testing.T, text string) {
	t.Helper()
	redistest.Poll(t, fmt.Sprintf("the page contains %q", text), func(context.Context) error {
		body, err := chromedp.Run(b.tab, chromedp.Evaluate[string]("document.body.innerText")) //nolint:contextcheck // the tab is the context; it fails while another page is loaded
		if err == nil && !strings.Contains(body, text) {
			err = fmt.Errorf("it is %.500q", body)
		}
		return err
	})
}

// follow clicks the link or button with the text. An update of the page may replace it at any time.
func (b *browser) follow(t *testing.T, text string) {
	t.Helper()
	script := fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll("main a, main button")].find((e) => e.innerText.replace(/\s+/g, " ").trim() === %q);
		if (found) found.click();
		return Boolean(found);
	})()`, text)
	redistest.Poll(t, "a link or button "+text, func(context.Context) error {
		clicked, err := chromedp.Run(b.tab, chromedp.Evaluate[bool](script)) //nolint:contextcheck // the tab is the context
		if err == nil && !clicked {
			err = errors.New("there is none")
		}
		return err
	})
}

// act does what a link of the page offers, for a reason.
func (b *browser) act(t *testing.T, path, link, button string, fill ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	b.open(t, path)
	b.follow(t, link)
	reason := chromedp.CSS("input[name=reason]")
	b.do(t, chromedp.WaitVisible(reason))
	b.do(t, fill...)
	b.do(t, chromedp.SendKeys(reason, "because "+link))
	b.follow(t, button)
	b.await(t, "Done.")
}

// check fails for what is wrong with the page as it is: what the browser had to block, what ran that is not the console's, and
// what does not fit into the width.
func (b *browser) check(t *testing.T) {
	t.Helper()
	here := evaluate[string](t, b, "location.pathname + location.search")
	if faults := evaluate[[]string](t, b, "faults"); len(faults) > 0 {
		t.Errorf("%s: %q", here, faults)
	}
	if evaluate[bool](t, b, "typeof pwned !== 'undefined' || document.scripts.length !== 1") {
		t.Errorf("%s: text was run", here)
	}
	if evaluate[bool](t, b, "document.documentElement.scrollWidth > document.documentElement.clientWidth") {
		t.Errorf("%s: wider than the window", here)
	}
}

// audit fails for what axe-core finds.
func (b *browser) audit(t *testing.T) {
	t.Helper()
	here := evaluate[string](t, b, "location.pathname + location.search")
	evaluate[bool](t, b, b.axe+";true")
	const run = `axe.run({resultTypes: ["violations"]}).then((r) => r.violations.map((v) => v.impact + " " + v.id + ": " + v.nodes.map((n) => n.html).join(" ").slice(0, 300)))`
	for _, violation := range evaluate[[]string](t, b, run, chromedp.EvalAwaitPromise) {
		t.Errorf("%s: %s", here, violation)
	}
}

// shoot writes a picture of the page into the directory of $HAVIP_SCREENSHOTS, for a person to look at.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("HAVIP_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// work starts a worker of the default lane with a simulated BCE that refuses two creates.
func (f *fixture) work(t *testing.T) {
	t.Helper()
	faults, err := bcesim.ParseFaults("create:fail=x2:400/SubnetHasNoMoreIpException,create:fail=x2:400/InvalidDescription")
	if err != nil {
		t.Fatal(err)
	}
	sim := bcesim.New(bcesim.Options{Faults: faults})
	server := httptest.NewServer(sim)
	t.Cleanup(func() { sim.Close(); server.Close() })
	api, err := bce.NewClient(bce.Config{
		Endpoint: server.URL, Credentials: bce.NewStaticProvider(bce.NewCredentials(bcesim.SandboxKey, bcesim.SandboxKey, "")),
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.Start(worker.Config{
		Redis: f.Session.Redis, Lanes: []worker.LaneConfig{{Lane: tasks.Lane{Account: "default", Region: f.Region}, API: api}},
		Name: "worker-1", ConfirmWithin: time.Second, Logger: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// awaitItems waits until so many items of the batch are in the state.
func (f *fixture) awaitItems(t *testing.T, batch string, state ledger.State, n int64) {
	t.Helper()
	redistest.Poll(t, fmt.Sprintf("%d items of %s are %s", n, batch, state), func(ctx context.Context) error {
		b, err := f.Session.Ledger.Batch(ctx, batch)
		if err == nil && (b.Counts[state] != n || b.Unconfirmed > 0) {
			err = fmt.Errorf("%v", b.Counts)
		}
		return err
	})
}

// enqueueEvil enqueues items of a lane that no worker serves: two that wait, one that BCE's text refused, and one in review.
func (f *fixture) enqueueEvil(t *testing.T, batch string) {
	t.Helper()
	var items []tasks.Item
	for _, key := range []string{"waits", "waits" + evil, "refused", "reviewed", "chosen", "excluded"} {
		items = append(items, tasks.Item{Key: key, Request: tasks.Request{Name: "web-9", SubnetID: "sbn-9", Description: evil}})
	}
	client := havip.NewClient(redisconn.Full(f.Session.Redis), havip.WithRegion("gz"))
	if _, err := client.Enqueue(t.Context(), batch, items...); err != nil {
		t.Fatal(err)
	}
	l := f.Session.Ledger
	if _, _, err := l.Settle(t.Context(), batch, "refused", ledger.Rejected, "Evil"+evil, evil); err != nil {
		t.Fatal(err)
	}
	candidates := []lifecycle.Candidate{{HaVIPID: "havip-a1", Name: "web" + evil, Address: "10.0.0.1", CreatedAt: 1_795_900_000_000}, {HaVIPID: "havip-b2"}}
	for _, key := range []string{"reviewed", "chosen", "excluded"} {
		if _, _, err := l.Settle(t.Context(), batch, key, ledger.Review, "Candidates", "one of these HaVIPs may be this item's: havip-a1, havip-b2 "+evil, candidates...); err != nil {
			t.Fatal(err)
		}
	}
}

// Every page and every action in a real browser. Nothing that BCE or a producer wrote runs in it.
func TestBrowser(t *testing.T) {
	t.Parallel()
	f := start(t, Access{})
	f.work(t)
	f.Enqueue(t, "web", "web-1", "web-2", "web-3", "web-4", "web-5", "web-6")
	other := "other" + evil
	f.enqueueEvil(t, other)
	f.awaitItems(t, "web", ledger.Rejected, 2)
	f.awaitItems(t, "web", ledger.Created, 4)
	b := openBrowser(t, f)

	web, reviewed := "/batch?name=web", "/item?"+url.Values{"batch": {other}, "key": {"reviewed"}}.Encode()
	otherBatch := "/batch?" + url.Values{"name": {other}}.Encode()
	all := []string{
		"/", web, otherBatch, "/item?batch=web&key=web-1", reviewed, "/item?" + url.Values{"batch": {other}, "key": {"waits" + evil}}.Encode(),
		"/lanes", "/workers", "/doctor", "/events", "/events?" + url.Values{"batch": {other}}.Encode(), "/act?op=retry&batch=web", "/act?op=limit&lane=default%2Fbj", "/nowhere",
	}
	for _, form := range []struct {
		width  int64
		scheme string
		paths  []string
	}{
		{390, "dark", all},
		{1280, "light", []string{web, reviewed, "/lanes"}}, // these have all colors
	} {
		b.look(t, form.width, form.scheme)
		for i, path := range form.paths {
			b.open(t, path)
			b.check(t)
			b.audit(t)
			b.shoot(t, fmt.Sprintf("%02d-%d-%s", i, form.width, form.scheme))
		}
	}
	b.look(t, 1280, "light")

	b.act(t, otherBatch, "Pause…", "Pause")
	b.open(t, otherBatch)
	b.await(t, "because Pause…")
	b.act(t, otherBatch, "Resume…", "Resume")
	b.act(t, reviewed, "Look up and retry…", "Retry")
	f.awaitItems(t, other, ledger.Review, 2)
	itemOf := func(key string) string { return "/item?" + url.Values{"batch": {other}, "key": {key}}.Encode() }
	b.act(t, itemOf("chosen"), "It is this one… havip-a1", "Record it as the item's")
	f.awaitItems(t, other, ledger.Adopted, 1)
	b.act(t, itemOf("excluded"), "None is its own…", "None is the item's")
	f.awaitItems(t, other, ledger.Review, 0)
	b.act(t, "/item?"+url.Values{"batch": {other}, "key": {"waits"}}.Encode(), "Cancel…", "Cancel the items")
	f.awaitItems(t, other, ledger.Canceled, 1)
	b.act(t, otherBatch, "Cancel…", "Cancel the items")
	f.awaitItems(t, other, ledger.Canceled, 2)

	operator := lane.NewOperator(f.Session.Redis, "default/bj")
	rps := chromedp.CSS("input[name=rps]")
	b.act(t, "/lanes?", "Limit…", "Set the limit", chromedp.SendKeys(rps, "50"))
	if limit, err := operator.Limit(t.Context()); err != nil || limit == nil || limit.RPS != 50 {
		t.Errorf("%v, %v", limit, err)
	}
	b.act(t, "/lanes", "Pause…", "Pause")
	if paused, err := operator.Paused(t.Context()); err != nil || paused == nil {
		t.Errorf("%v, %v", paused, err)
	}
	b.act(t, "/lanes", "Resume…", "Resume")

	b.act(t, web, "Retry…", "Retry")
	f.awaitItems(t, "web", ledger.Created, 6)
	b.act(t, web, "Roll back…", "Delete the HaVIPs")
	b.open(t, web)
	b.await(t, "deleted 6") // without loading the page again
	f.awaitItems(t, "web", ledger.Deleted, 6)
	b.check(t)
	b.open(t, "/events?batch=web")
	b.await(t, "because Roll back…")
	b.await(t, "loopback via console@")

	b.do(t, chromedp.Click(chromedp.CSS(`a[hreflang="zh-Hans"]`)))
	b.await(t, "事件")
	if lang := evaluate[string](t, b, "document.documentElement.lang"); lang != "zh-Hans" {
		t.Errorf("language %q", lang)
	}
	b.check(t)
}

// A browser signs in with a token, and a reader is offered no action.
func TestBrowserSignsIn(t *testing.T) {
	t.Parallel()
	f := start(t, Access{Tokens: tokensOf(t)})
	f.Enqueue(t, "web", "web-1")
	b := openBrowser(t, f)
	b.open(t, "/batch?name=web")
	b.audit(t)
	b.do(t, chromedp.SendKeys(chromedp.CSS("input[name=token]"), readerSecret))
	b.follow(t, "Sign in")
	b.await(t, "grace")
	b.check(t)
	if text := evaluate[string](t, b, "document.documentElement.outerHTML"); strings.Contains(text, readerSecret) || strings.Contains(text, "/act") {
		t.Error("the page has the token, or offers an action to a reader")
	}
	if cookie := evaluate[string](t, b, "document.cookie"); strings.Contains(cookie, cookieName) {
		t.Errorf("a script can read %q", cookie)
	}
}
