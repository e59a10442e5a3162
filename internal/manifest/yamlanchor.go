package manifest

import (
	"regexp"

	"go.yaml.in/yaml/v4"
)

// maxAnchored limits the values of anchors that are stored for later entries, in bytes of text and names.
const maxAnchored = 1 << 20

// anchored is the value of an anchor: an item's fields, or one field's text. It is stored resolved, so that aliases of
// aliases cannot grow.
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

// anchors are the list's anchors so far, for all later entries.
type anchors struct {
	byName map[string]anchored
	size   int
}

// aliasPattern finds possible aliases; in quoted text they are none.
var aliasPattern = regexp.MustCompile(`\*[^\s,\[\]{}]+`)

// referred returns the anchors of earlier entries that an entry may refer to.
func (a *anchors) referred(entry []byte) (names []string) {
	for _, alias := range aliasPattern.FindAll(entry, -1) {
		if _, known := a.byName[string(alias[1:])]; known {
			names = append(names, string(alias[1:]))
		}
	}
	return names
}

// remember stores an anchor. If its name was used before, the last one counts.
func (p *entryParser) remember(n *yaml.Node, a anchored) {
	name := n.Anchor
	before, known := p.anchors.byName[name]
	size := p.anchors.size + a.size() + len(name)
	if known {
		size -= before.size() + len(name)
	}
	if size > maxAnchored {
		p.report.at(p.of(n), "has too many anchors before it; write the values without anchors and aliases")
		return
	}
	if p.anchors.byName == nil {
		p.anchors.byName = make(map[string]anchored)
	}
	p.anchors.byName[name], p.anchors.size = a, size
}

// lookup returns the value of an alias; rule says why there is none.
func (p *entryParser) lookup(n *yaml.Node) (a anchored, rule string) {
	a, ok := p.anchors.byName[n.Value]
	if !ok {
		return a, noAnchor(n.Value)
	}
	return a, ""
}

func noAnchor(name string) string {
	return "has an alias *" + shorten(name) + ", but no anchor &" + shorten(name) + " before it"
}

// aliased returns the text of an alias.
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

// merge sets the missing fields from an alias of a mapping ("<<: *base"), or from several, of which the first counts. The
// fields' position is the alias's.
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
		p.report.at(at, "must merge an alias such as *base")
		return
	}
	a, rule := p.lookup(alias)
	if rule == "" && !a.mapping {
		rule = "must be an alias of a mapping; found an alias of text"
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
