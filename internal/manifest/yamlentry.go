package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// entryParser fills a record from the text of one entry of a YAML list.
type entryParser struct {
	// first and last are the entry's lines in the file.
	first, last int
	rec         *record
	report      reporter
	anchors     *anchors
	merges      []*yaml.Node
	// above counts the lines before the entry in the parser's input.
	above int
}

// maxAliases limits an entry's aliases without an anchor, because the entry is parsed again for each.
const maxAliases = 20

func (p *entryParser) parse(entry []byte) {
	names := p.anchors.referred(entry)
	for unknown := 0; ; unknown++ {
		node, err := withoutPanic(parseYAML, p.list(names, entry))
		if name, missing := unknownAnchor(err); missing && unknown < maxAliases {
			names = append(names, name) // reported for its field, not for the entry
			continue
		}
		if err != nil {
			p.rec.broken = true
			p.refuse(err)
			return
		}
		p.item(node)
		return
	}
}

// list returns the parser's input: on one line, an entry that defines the anchors that this one refers to, and then this
// entry.
func (p *entryParser) list(names []string, entry []byte) []byte {
	p.above = 0
	if len(names) == 0 {
		return entry
	}
	p.above = 1
	indent := len(entry) - len(bytes.TrimLeft(entry, " "))
	stubs := strings.Repeat(" ", indent) + "- [&" + strings.Join(names, " x, &") + " x]\n"
	return append([]byte(stubs), entry...)
}

// unknownAnchor returns the alias without an anchor that the parser refused.
func unknownAnchor(err error) (name string, missing bool) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return "", false
	}
	name, missing = strings.CutPrefix(load.Message, "unknown anchor '")
	return strings.TrimSuffix(name, "' referenced"), missing
}

// refuse reports why an entry is not YAML. A missing end is reported at the start of its text.
func (p *entryParser) refuse(err error) {
	at, message := p.rec.at, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		if load.ContextMsg != "" {
			message = load.ContextMsg + ": " + message
		}
		mark := load.Mark
		if load.ContextMark.Line > 0 && strings.Contains(load.Message, "end of stream") {
			mark = load.ContextMark
		}
		at = p.at(mark.Line, mark.Column)
	}
	if name, missing := unknownAnchor(err); missing {
		p.report.at(at, noAnchor(name))
		return
	}
	if strings.Contains(message, "found a tab character") {
		message = "has a tab where only spaces are allowed; indent with spaces"
	}
	p.report.at(at, "is not valid YAML: "+message)
}

var errNotOneEntry = errors.New("cannot be read as one item of a list; check its indentation")

// withoutPanic converts a panic of the parser on unusual input to an error.
func withoutPanic(parse func([]byte) (*yaml.Node, error), entry []byte) (value *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, errNotOneEntry
		}
	}()
	return parse(entry)
}

// parseYAML returns the value of a list's last entry.
func parseYAML(list []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Load(list, &document); err != nil {
		return nil, err
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 || document.Content[0].Kind != yaml.SequenceNode {
		return nil, errNotOneEntry
	}
	entries := document.Content[0].Content
	return entries[len(entries)-1], nil
}

// at converts a position in the parser's input to the file's. A position outside the entry becomes the entry's start.
func (p *entryParser) at(line, column int) position {
	at := position{p.first + line - 1 - p.above, max(column, 1)}
	if at.line < p.first || at.line > p.last {
		return p.rec.at
	}
	return at
}

func (p *entryParser) of(node *yaml.Node) position { return p.at(node.Line, node.Column) }

// item reads the entry's value, which should be a mapping, or an alias of one.
func (p *entryParser) item(node *yaml.Node) {
	switch node.Kind {
	case yaml.AliasNode:
		p.merge(node)
	case yaml.MappingNode:
		p.fields(node)
		if node.Anchor != "" && !p.rec.broken {
			p.remember(node, anchored{cells: p.rec.cells, mapping: true})
		}
	default:
		p.rec.broken = true
		p.report.at(p.of(node), "must be a mapping such as {name: web-1, subnetId: sbn-dk8gl9bc}; found "+kindOf(node))
	}
}

// fields reads a mapping. Merges come last, because they only set missing fields.
func (p *entryParser) fields(mapping *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		p.field(mapping.Content[i], mapping.Content[i+1])
	}
	for _, n := range p.merges {
		p.merge(n)
	}
}

func (p *entryParser) field(key, value *yaml.Node) {
	at := p.of(key)
	if key.ShortTag() == "!!merge" {
		p.merges = append(p.merges, value)
		return
	}
	c := noColumn
	if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!str" {
		c = columnOf(key.Value)
		if isResult(key.Value) {
			p.rec.result = true
			return
		}
	}
	if c == noColumn {
		p.report.at(at, unknown("field", key.Value))
		p.rec.excuseNearest(key.Value)
		return
	}
	s := p.scalar(value)
	if value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null" && value.Value == "" { // an empty value has no position: use the field's
		s.at = at
	}
	if !p.rec.set(c, s.text, s.at) {
		p.report.at(at, fmt.Sprintf("field %q appears twice in the item; remove one", key.Value))
	} else if s.rule != "" {
		p.report.field(s.at, c, s.text, s.rule)
		p.rec.excuse(c)
	}
}
