package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// entryParser fills a record from the text of one entry of a YAML list.
type entryParser struct {
	// first and last are the file's lines that the entry stands on.
	first, last int
	rec         *record
	report      reporter
	anchors     *anchors
	merges      []ast.Node
}

func (p *entryParser) parse(entry []byte) {
	node, err := withoutPanic(parseYAML, entry)
	if err != nil {
		p.rec.broken = true
		at, message := p.rec.at, err.Error()
		if syntax := yaml.Error(nil); errors.As(err, &syntax) {
			at, message = p.at(syntax.GetToken()), syntax.GetMessage()
		}
		if strings.Contains(message, "\t") {
			message = "a tab stands where only spaces may; indent with spaces"
		}
		p.report.at(at, "is not YAML: "+message)
		return
	}
	p.item(node)
}

var errNotOneEntry = errors.New("cannot be read as one entry of a list")

// withoutPanic makes a panic of the parser an error: it is not ours to trust it with
// whatever somebody may write.
func withoutPanic(parse func([]byte) (ast.Node, error), entry []byte) (value ast.Node, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, errNotOneEntry
		}
	}()
	return parse(entry)
}

// parseYAML is the value of a list's single entry.
func parseYAML(entry []byte) (ast.Node, error) {
	tokens := lexer.Tokenize(string(entry))
	if t := tooDeep(tokens); t != nil {
		return nil, &yaml.SyntaxError{Message: fmt.Sprintf("nests more than %d levels deep", maxDepth), Token: t}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	if len(file.Docs) != 1 {
		return nil, errNotOneEntry
	}
	list, ok := file.Docs[0].Body.(*ast.SequenceNode)
	if !ok || len(list.Values) != 1 {
		return nil, errNotOneEntry
	}
	return list.Values[0], nil
}

// at is the file's position of a token of the entry. What the parser misses it may place
// nowhere or behind the end; that is at fault with the entry as a whole.
func (p *entryParser) at(t *token.Token) position {
	if t == nil || t.Position == nil {
		return p.rec.at
	}
	at := position{p.first + t.Position.Line - 1, max(t.Position.Column, 1)}
	if at.line < p.first || at.line > p.last {
		return p.rec.at
	}
	return at
}

// item reads the entry's value, which should be a mapping, or an alias of one.
func (p *entryParser) item(node ast.Node) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		p.item(n.Value)
		if !p.rec.broken {
			p.remember(n, anchored{cells: p.rec.cells, mapping: true})
		}
	case *ast.AliasNode:
		p.merge(n)
	case ast.MapNode:
		p.fields(n)
	default:
		p.rec.broken = true
		p.report.at(p.at(node.GetToken()), "must be a mapping such as {name: web-1, subnetId: sbn-dk8gl9bc}; found "+kindOf(node))
	}
}

// fields reads a mapping. What it merges in comes last, for it only fills what is left.
func (p *entryParser) fields(m ast.MapNode) {
	for pairs := m.MapRange(); pairs.Next(); {
		p.field(pairs.Key(), pairs.Value())
	}
	for _, n := range p.merges {
		p.merge(n)
	}
}

func (p *entryParser) field(key ast.MapKeyNode, value ast.Node) {
	at := p.at(key.GetToken())
	if key.IsMergeKey() {
		p.merges = append(p.merges, value)
		return
	}
	name, ok := key.(*ast.StringNode)
	if !ok {
		p.report.at(at, unknown("field", key.GetToken().Value))
		return
	}
	c := columnOf(name.Value)
	if c == noColumn {
		p.report.at(at, unknown("field", name.Value))
		p.rec.excuseNearest(name.Value)
		return
	}
	s := p.scalar(value)
	if t := value.GetToken(); t != nil && t.Type == token.ImplicitNullType { // nothing is nowhere: point at the field
		s.at = at
	}
	if !p.rec.set(c, s.text, s.at) {
		p.report.at(at, fmt.Sprintf("field %q stands in the item twice; remove one", name.Value))
	} else if s.rule != "" {
		p.report.field(s.at, c, s.text, s.rule)
		p.rec.excuse(c)
	}
}
