package manifest

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// scalar is a field's value in YAML: text, or the rule it breaks by not being text.
type scalar struct {
	text string
	at   position
	rule string
}

// scalar reads a field's value. YAML takes an unquoted 123, 1.10 or true for something else
// than text and would write it differently ("1.1"), so those must be quoted.
func (p *entryParser) scalar(node ast.Node) scalar {
	s := scalar{at: p.at(node.GetToken())}
	switch n := node.(type) {
	case *ast.StringNode:
		s.text = n.Value
	case *ast.LiteralNode:
		s.text = n.Value.Value
	case *ast.NullNode:
	case *ast.TagNode:
		s.text, s.rule = p.tagged(n)
	case *ast.AnchorNode:
		inner := p.scalar(n.Value)
		s.text, s.rule = inner.text, inner.rule
		if s.rule == "" {
			p.remember(n, anchored{text: s.text})
		}
	case *ast.AliasNode:
		s.text, s.rule = p.aliased(n)
	case ast.ScalarNode:
		s.text = n.GetToken().Value
		s.rule = fmt.Sprintf("must be text; found %s; put it in quotes: %s", kindOf(node), quote(s.text))
	default:
		s.rule = "must be text; found " + kindOf(node)
	}
	return s
}

// tagged reads "!!str 123", which is text without quotes. Other tags mean other things.
func (p *entryParser) tagged(n *ast.TagNode) (text, rule string) {
	tag := n.Start.Value
	inner, ok := n.Value.(ast.ScalarNode)
	if tag != "!!str" || !ok {
		return tag, "must be text, without a tag other than !!str"
	}
	switch inner := inner.(type) {
	case *ast.StringNode:
		return inner.Value, ""
	case *ast.LiteralNode:
		return inner.Value.Value, ""
	case *ast.NullNode:
		return "", ""
	}
	return inner.GetToken().Value, ""
}

// kindOf is what a node is, in words.
func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	}
	return "something else"
}
