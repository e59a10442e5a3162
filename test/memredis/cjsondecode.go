package memredis

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

func decodeJSON(l *lua.LState) int {
	d := decoder{l: l, text: l.CheckString(1)}
	v := d.value(0)
	if d.blank(); d.err == nil && d.at < len(d.text) {
		d.fail("the end")
	}
	if d.err != nil {
		l.RaiseError("%s", d.err.Error())
	}
	l.Push(v)
	return 1
}

// decoder reads JSON. After an error it reads on without effect.
type decoder struct {
	l    *lua.LState
	text string
	at   int
	err  error
}

func (d *decoder) fail(wanted string) lua.LValue {
	if d.err == nil {
		d.err = errorf("Expected %s but found invalid token at character %d", wanted, d.at+1)
	}
	d.at = len(d.text)
	return lua.LNil
}

func (d *decoder) blank() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// next takes the byte if it is what comes next.
func (d *decoder) next(c byte) bool {
	d.blank()
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) value(depth int) lua.LValue {
	if depth > maxDepth {
		return d.fail("less depth")
	}
	switch {
	case d.next('{'):
		return d.object(depth)
	case d.next('['):
		return d.array(depth)
	case d.next('"'):
		return lua.LString(d.string())
	}
	rest := d.text[d.at:]
	for _, w := range words {
		if strings.HasPrefix(rest, w.word) {
			d.at += len(w.word)
			return w.value
		}
	}
	return d.number(rest)
}

var words = []struct {
	word  string
	value lua.LValue
}{{"true", lua.LTrue}, {"false", lua.LFalse}, {"null", jsonNull}}

func (d *decoder) number(rest string) lua.LValue {
	end := 0
	for end < len(rest) && strings.IndexByte("+-.0123456789eE", rest[end]) >= 0 {
		end++
	}
	f, ok := textNumber(rest[:end])
	if !ok {
		return d.fail("value")
	}
	d.at += end
	return lua.LNumber(f)
}

// tableSize is about how many fields a record has.
const tableSize = 12

func (d *decoder) object(depth int) lua.LValue {
	table := d.l.CreateTable(0, tableSize)
	if d.next('}') {
		return table
	}
	for {
		if !d.next('"') {
			return d.fail("object key string")
		}
		key := d.string()
		if !d.next(':') {
			return d.fail("colon")
		}
		table.RawSetString(key, d.value(depth+1))
		if d.next('}') {
			return table
		}
		if !d.next(',') {
			return d.fail("comma or object end")
		}
	}
}

func (d *decoder) array(depth int) lua.LValue {
	table := d.l.CreateTable(4, 0)
	if d.next(']') {
		return table
	}
	for {
		table.Append(d.value(depth + 1))
		if d.next(']') {
			return table
		}
		if !d.next(',') {
			return d.fail("comma or array end")
		}
	}
}

// string reads a text whose opening quote was taken.
func (d *decoder) string() string {
	rest := d.text[d.at:]
	end := strings.IndexByte(rest, '"')
	if end >= 0 && strings.IndexByte(rest[:end], '\\') < 0 {
		d.at += end + 1
		return rest[:end]
	}
	var b []byte
	for d.at < len(d.text) {
		c := d.text[d.at]
		d.at++
		switch c {
		case '"':
			return string(b)
		case '\\':
			b = d.escape(b)
		default:
			b = append(b, c)
		}
	}
	d.fail("string end")
	return ""
}

func (d *decoder) escape(b []byte) []byte {
	if d.at == len(d.text) {
		d.fail("escape")
		return b
	}
	c := d.text[d.at]
	d.at++
	switch c {
	case '"', '\\', '/':
		return append(b, c)
	case 'u':
		return utf8.AppendRune(b, d.unicode())
	}
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		return append(b, "\b\f\n\r\t"[i])
	}
	d.fail("escape")
	return b
}

// unicode reads the digits of \u, and the other half if it is one of a pair.
func (d *decoder) unicode() rune {
	r := d.hex()
	if utf16.IsSurrogate(r) {
		if !strings.HasPrefix(d.text[d.at:], `\u`) {
			d.fail("the other half of a pair")
			return 0
		}
		d.at += 2
		r = utf16.DecodeRune(r, d.hex())
	}
	return r
}

func (d *decoder) hex() rune {
	if d.at+4 > len(d.text) {
		d.fail("four hexadecimal digits")
		return 0
	}
	n, err := strconv.ParseUint(d.text[d.at:d.at+4], 16, 16)
	if err != nil {
		d.fail("four hexadecimal digits")
		return 0
	}
	d.at += 4
	return rune(n)
}
