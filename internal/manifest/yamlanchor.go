package manifest

import (
	"regexp"

	"go.yaml.in/yaml/v4"
)

// maxAnchored bounds what anchors keep for later entries, in bytes of text and names.
const maxAnchored = 1 << 20

// anchored is what an anchor stands for: an item's fields, or one field's text. It is kept
// resolved, so that aliases of aliases cannot grow.
type anchored struct {
	text    string
	cells   [columnCount]cell
	mapping bool
}

func (a anchored) size() int {
	n := len(a.text)
	for _, c := range a.cells {
		n += len(c.text)
	}
	return n + 512 // the cells themselves, about
}

// anchors are those of the list so far; they serve every entry behind their own.
type anchors struct {
	byName map[string]anchored
	size   int
}

// aliasPattern finds what may be an alias; in quoted text it may be none.
var aliasPattern = regexp.MustCompile(`\*[^\s,\[\]{}]+`)

// referred returns the anchors of earlier entries to which an entry may refer.
func (a *anchors) referred(entry []byte) (names []string) {
	for _, alias := range aliasPattern.FindAll(entry, -1) {
		if _, known := a.byName[string(alias[1:])]; known {
			names = append(names, string(alias[1:]))
		}
	}
	return names
}

// remember keeps an anchor. Its name may have been used before: the last one counts.
func (p *entryParser) remember(n *yaml.Node, a anchored) {
	name := n.Anchor
	before, known := p.anchors.byName[name]
	size := p.anchors.size + a.size() + len(name)
	if known {
		size -= before.size() + len(name)
	}
	if size > maxAnchored {
		p.report.at(p.of(n), "has too many anchors before it; write the values out")
		return
	}
	if p.anchors.byName == nil {
		p.anchors.byName = make(map[string]anchored)
	}
	p.anchors.byName[name], p.anchors.size = a, size
}

// lookup finds what an alias stands for; rule says why there is nothing.
func (p *entryParser) lookup(n *yaml.Node) (a anchored, rule string) {
	a, ok := p.anchors.byName[n.Value]
	if !ok {
		return a, noAnchor(n.Value)
	}
	return a, ""
}

func noAnchor(name string) string {
	return "has an alias *" + shorten(name) + " without an anchor &" + shorten(name) + " before it"
}

// aliased is the text that an alias stands for.
func (p *entryParser) aliased(n *yaml.Node) (text, rule string) {
	a, rule := p.lookup(n)
	if rule == "" && a.mapping {
		rule = "must be text; found an alias of a mapping"
	}
	if rule != "" {
		return "*" + n.Value, rule
	}
	return a.text, ""
}

// merge fills the fields still open from an alias of a mapping ("<<: *base"), or from
// several of them, the first of which counts. They stand where the alias stands.
func (p *entryParser) merge(node *yaml.Node) {
	if node.Kind == yaml.SequenceNode {
		for _, n := range node.Content {
			p.mergeAlias(n)
		}
		return
	}
	p.mergeAlias(node)
}

func (p *entryParser) mergeAlias(alias *yaml.Node) {
	at := p.of(alias)
	if alias.Kind != yaml.AliasNode {
		p.rec.broken = true
		p.report.at(at, "merges something else than an alias such as *base")
		return
	}
	a, rule := p.lookup(alias)
	if rule == "" && !a.mapping {
		rule = "must be an alias of a mapping; found one of text"
	}
	if rule != "" {
		p.rec.broken = true
		p.report.at(at, rule)
		return
	}
	for c, cell := range a.cells {
		if cell.state == written {
			p.rec.set(column(c), cell.text, at)
		}
	}
}
