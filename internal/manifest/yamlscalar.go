package manifest

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// scalar is a field's value in YAML: text, or the rule that it breaks.
type scalar struct {
	text string
	at   position
	rule string
}

// scalar reads a field's value exactly by YAML's rules for line breaks and escapes. In YAML, an unquoted 123, 1.10 or true is
// not text and could change ("1.1"), so it must be quoted.
func (p *entryParser) scalar(node *yaml.Node) scalar {
	s := scalar{at: p.of(node), text: node.Value}
	switch tag := node.ShortTag(); {
	case node.Kind == yaml.AliasNode:
		s.text, s.rule = p.aliased(node)
		return s
	case node.Style&yaml.TaggedStyle != 0 && tag != "!!str":
		s.text, s.rule = node.Tag, "must be text, without a tag other than !!str"
	case node.Kind != yaml.ScalarNode:
		s.rule = "must be text; found " + kindOf(node)
	case tag == "!!null":
		s.text = ""
	case tag == "!!int", tag == "!!float", tag == "!!bool":
		s.rule = fmt.Sprintf("must be text; found %s; put it in quotes: %s", kindOf(node), quote(s.text))
	}
	if node.Anchor != "" && s.rule == "" {
		p.remember(node, anchored{text: s.text})
	}
	return s
}

// kindOf describes the type of a node.
func kindOf(node *yaml.Node) string {
	switch node.Kind { //nolint:exhaustive // a document and a stream stand in no entry
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	}
	return "text"
}
