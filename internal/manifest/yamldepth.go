package manifest

import (
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds the nesting inside a YAML item. A valid item nests three deep; the parser's time
// and memory grow with the square of the depth.
const maxDepth = 16

// tooDeep returns the first token that nests deeper than maxDepth, or nil.
func tooDeep(tokens token.Tokens) *token.Token {
	var d depth
	for _, t := range tokens {
		if d.after(t); d.flow+len(d.blocks)+d.properties > maxDepth {
			return t
		}
	}
	return nil
}

// depth counts the collections that are open at a token.
type depth struct {
	// flow is the number of open brackets and braces.
	flow int
	// blocks are the columns of the open block collections; each is indented deeper than the one before.
	blocks []int
	// properties is the length of the current run of anchors and tags, which the parser nests too.
	properties int
}

func (d *depth) after(t *token.Token) {
	switch t.Type { //nolint:exhaustive // the other tokens open and close nothing
	case token.SequenceStartType, token.MappingStartType:
		d.flow++
	case token.SequenceEndType, token.MappingEndType:
		d.flow--
	case token.SequenceEntryType, token.MappingKeyType:
		d.open(t)
	case token.MappingValueType:
		if t.Prev != nil {
			d.open(t.Prev) // a block mapping begins at its key
		}
	}
	if t.Type == token.AnchorType || t.Type == token.TagType {
		d.properties++
	} else if t.PreviousType() != token.AnchorType { // the token after an anchor is its name
		d.properties = 0
	}
}

// open enters the block collection that an entry at the token belongs to, and leaves the deeper ones.
// Indentation means nothing inside brackets.
func (d *depth) open(entry *token.Token) {
	if d.flow > 0 {
		return
	}
	column := entry.Position.Column
	for len(d.blocks) > 0 && d.blocks[len(d.blocks)-1] >= column {
		d.blocks = d.blocks[:len(d.blocks)-1]
	}
	d.blocks = append(d.blocks, column)
}
