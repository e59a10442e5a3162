package manifest

import (
	"github.com/goccy/go-yaml/ast"
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

// remember keeps an anchor. Its name may have been used before: the last one counts.
func (p *entryParser) remember(n *ast.AnchorNode, a anchored) {
	name := n.Name.GetToken().Value
	before, known := p.anchors.byName[name]
	size := p.anchors.size + a.size() + len(name)
	if known {
		size -= before.size() + len(name)
	}
	if size > maxAnchored {
		p.report.at(p.at(n.GetToken()), "has too many anchors before it; write the values out")
		return
	}
	if p.anchors.byName == nil {
		p.anchors.byName = make(map[string]anchored)
	}
	p.anchors.byName[name], p.anchors.size = a, size
}

// lookup finds what an alias stands for; rule says why there is nothing.
func (p *entryParser) lookup(n *ast.AliasNode) (a anchored, rule string) {
	name := n.Value.GetToken().Value
	a, ok := p.anchors.byName[name]
	if !ok {
		return a, "has an alias *" + shorten(name) + " without an anchor &" + shorten(name) + " before it"
	}
	return a, ""
}

// aliased is the text that an alias stands for.
func (p *entryParser) aliased(n *ast.AliasNode) (text, rule string) {
	a, rule := p.lookup(n)
	if rule == "" && a.mapping {
		rule = "must be text; found an alias of a mapping"
	}
	if rule != "" {
		return "*" + n.Value.GetToken().Value, rule
	}
	return a.text, ""
}

// merge fills the fields still open from an alias of a mapping ("<<: *base"), or from
// several of them, the first of which counts. They stand where the alias stands.
func (p *entryParser) merge(node ast.Node) {
	if list, ok := node.(*ast.SequenceNode); ok {
		for _, n := range list.Values {
			p.mergeAlias(n)
		}
		return
	}
	p.mergeAlias(node)
}

func (p *entryParser) mergeAlias(node ast.Node) {
	at := p.at(node.GetToken())
	alias, ok := node.(*ast.AliasNode)
	if !ok {
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
