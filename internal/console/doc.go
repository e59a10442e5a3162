// Package console is the web page of a worker: what happens to batches, items and lanes, and the operator's actions on them.
//
// Every page is rendered by the server and complete without a script. With one, a page updates itself: asked for
// text/event-stream, the handler of a page sends the page again whenever it has changed.
//
// A page costs the same for a batch of ten items and one of 100,000: it reads counters, one page of items, and the newest
// events. What may be anywhere in a batch is searched for a bounded time, and the page says how far the search got.
//
// All texts that come from elsewhere (names, descriptions, messages of BCE, reasons) are escaped by html/template, and the
// Content-Security-Policy lets a browser run nothing but the console's own script.
package console
