package memredis

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// jsonNull is cjson.null.
var jsonNull = &lua.LUserData{}

const maxDepth = 1000

func openJSON(l *lua.LState) *lua.LTable {
	library := l.SetFuncs(l.NewTable(), map[string]lua.LGFunction{"encode": encodeJSON, "decode": decodeJSON})
	library.RawSetString("null", jsonNull)
	return library
}

func encodeJSON(l *lua.LState) int {
	text, err := appendJSON(nil, l.CheckAny(1), 0)
	if err != nil {
		l.RaiseError("%s", err.Error())
	}
	l.Push(lua.LString(text))
	return 1
}

func appendJSON(b []byte, v lua.LValue, depth int) ([]byte, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return append(b, "null"...), nil
	case lua.LBool:
		if v {
			return append(b, "true"...), nil
		}
		return append(b, "false"...), nil
	case lua.LNumber:
		return appendJSONNumber(b, float64(v))
	case lua.LString:
		return appendJSONText(b, string(v)), nil
	case *lua.LTable:
		if depth == maxDepth {
			return nil, Error("Cannot serialise, excessive depth (1001)")
		}
		n, err := arrayLength(v)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return appendJSONArray(b, v, n, depth)
		}
		return appendJSONObject(b, v, depth)
	case *lua.LUserData:
		if v == jsonNull {
			return append(b, "null"...), nil
		}
	}
	return nil, errorf("Cannot serialise %s: type not supported", v.Type())
}

func appendJSONNumber(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, Error("Cannot serialise number: must not be NaN or Inf")
	}
	return append(b, luaNumber(f)...), nil
}

// arrayLength is how long the table is as an array, 0 if it is an object.
func arrayLength(t *lua.LTable) (int, error) {
	longest, n := 0, 0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		i, ok := k.(lua.LNumber)
		if !ok || i < 1 || lua.LNumber(int(i)) != i {
			return 0, nil
		}
		longest = max(longest, int(i))
		n++
	}
	if longest > 10 && longest > 2*n {
		return 0, Error("Cannot serialise table: excessively sparse array")
	}
	return longest, nil
}

func appendJSONArray(b []byte, t *lua.LTable, n, depth int) ([]byte, error) {
	var err error
	b = append(b, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, t.RawGetInt(i), depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendJSONObject(b []byte, t *lua.LTable, depth int) ([]byte, error) {
	var err error
	b = append(b, '{')
	first := true
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if !first {
			b = append(b, ',')
		}
		first = false
		switch k := k.(type) {
		case lua.LString:
			b = appendJSONText(b, string(k))
		case lua.LNumber:
			b = append(append(append(b, '"'), luaNumber(float64(k))...), '"')
		default:
			return nil, Error("Cannot serialise table: table key must be a number or string")
		}
		if b, err = appendJSON(append(b, ':'), v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

const hexDigits = "0123456789abcdef"

// appendJSONText escapes what lua-cjson escapes, / and DEL among it, and leaves other bytes as they are.
func appendJSONText(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '/':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
