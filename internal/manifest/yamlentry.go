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
	// first and last are the file's lines that the entry stands on.
	first, last int
	rec         *record
	report      reporter
	anchors     *anchors
	merges      []*yaml.Node
	// above counts the lines that stand above the entry in what the parser reads.
	above int
}

// maxAliases bounds how many aliases of an entry may have no anchor: the entry is parsed again for each.
const maxAliases = 20

func (p *entryParser) parse(entry []byte) {
	names := p.anchors.referred(entry)
	for unknown := 0; ; unknown++ {
		node, err := withoutPanic(parseYAML, p.list(names, entry))
		if name, missing := unknownAnchor(err); missing && unknown < maxAliases {
			names = append(names, name) // the field that has it is at fault, not the entry
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

// list is what the parser reads: an entry that defines the anchors to which this one refers, on one line, and this one.
// An entry ends with a line break, also where the file ends without one: block text would be another without it.
func (p *entryParser) list(names []string, entry []byte) []byte {
	p.above = 0
	if len(names) == 0 {
		return append(bytes.Clone(entry), '\n')
	}
	p.above = 1
	indent := len(entry) - len(bytes.TrimLeft(entry, " "))
	stubs := strings.Repeat(" ", indent) + "- [&" + strings.Join(names, " x, &") + " x]\n"
	return append(append([]byte(stubs), entry...), '\n')
}

// unknownAnchor tells which alias the parser refused for want of an anchor.
func unknownAnchor(err error) (name string, missing bool) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return "", false
	}
	name, missing = strings.CutPrefix(load.Message, "unknown anchor '")
	return strings.TrimSuffix(name, "' referenced"), missing
}

// refuse reports why an entry is not YAML. What has no end is at fault where it begins.
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
		message = "a tab stands where only spaces may; indent with spaces"
	}
	p.report.at(at, "is not YAML: "+message)
}

var errNotOneEntry = errors.New("cannot be read as one entry of a list")

// withoutPanic makes a panic of the parser an error: it is not ours to trust it with
// whatever somebody may write.
func withoutPanic(parse func([]byte) (*yaml.Node, error), entry []byte) (value *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, errNotOneEntry
		}
	}()
	return parse(entry)
}

// parseYAML is the value of a list's last entry.
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

// at is the file's position of a place in what the parser read. What lies outside of the entry is at fault with the entry
// as a whole.
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

// fields reads a mapping. What it merges in comes last, for it only fills what is left.
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
	if value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null" && value.Value == "" { // nothing is nowhere: point at the field
		s.at = at
	}
	if !p.rec.set(c, s.text, s.at) {
		p.report.at(at, fmt.Sprintf("field %q stands in the item twice; remove one", key.Value))
	} else if s.rule != "" {
		p.report.field(s.at, c, s.text, s.rule)
		p.rec.excuse(c)
	}
}
