package memredis

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// refused are functions that Redis has not, or that would not give the same each time.
var refused = []string{
	"_G", "_VERSION", "_printregs", "collectgarbage", "dofile", "getfenv", "load", "loadfile", "loadstring", "module",
	"newproxy", "print", "rawset", "require", "setfenv", "package", "xpcall",
}

// openBase removes the functions that Redis refuses, and replaces those that gopher-lua implements differently from Lua in C.
func (e *engine) openBase() {
	for _, name := range refused {
		e.globals.RawSetString(name, lua.LNil)
	}
	numbers := e.globals.RawGetString("math").(*lua.LTable)
	numbers.RawSetString("random", lua.LNil)
	numbers.RawSetString("randomseed", lua.LNil)
	e.globals.RawSetString("tonumber", e.state.NewFunction(toNumber))
	e.globals.RawSetString("tostring", e.state.NewFunction(toString))
	e.globals.RawSetString("pcall", e.state.NewFunction(protectedCall(e.globals.RawGetString("pcall"))))
	texts := e.globals.RawGetString("string").(*lua.LTable)
	texts.RawSetString("format", e.state.NewFunction(format))
}

// protect has a global variable that is not there cause an error.
func (e *engine) protect() {
	guard := e.state.NewTable()
	guard.RawSetString("__index", e.state.NewFunction(func(l *lua.LState) int {
		l.RaiseError("Script attempted to access nonexistent global variable '%s'", lua.LVAsString(l.Get(2)))
		return 0
	}))
	guard.RawSetString("__metatable", lua.LFalse)
	e.globals.Metatable = guard
}

func toNumber(l *lua.LState) int {
	base := l.OptInt(2, 10)
	l.Push(lua.LNil)
	switch v := l.CheckAny(1).(type) {
	case lua.LNumber:
		l.Push(v)
	case lua.LString:
		text := strings.TrimSpace(string(v))
		if base != 10 {
			if n, err := strconv.ParseInt(strings.TrimPrefix(strings.ToLower(text), "0x"), base, 64); err == nil {
				l.Push(lua.LNumber(n))
			}
		} else if f, ok := textNumber(text); ok {
			l.Push(lua.LNumber(f))
		}
	}
	return 1
}

func textNumber(text string) (float64, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return float64(n), true
	}
	if digits, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		n, err := strconv.ParseUint(digits, 16, 64)
		return float64(n), err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, (err == nil || math.IsInf(f, 0)) && !strings.ContainsRune(text, '_')
}

func toString(l *lua.LState) int {
	if n, ok := l.CheckAny(1).(lua.LNumber); ok {
		l.Push(lua.LString(luaNumber(float64(n))))
		return 1
	}
	l.Push(l.ToStringMeta(l.Get(1)))
	return 1
}

// luaNumber is a number as Lua writes it.
func luaNumber(f float64) string { return formatG(f, 14) }

// format is string.format as C's printf has it.
func format(l *lua.LState) int {
	text := l.CheckString(1)
	var b strings.Builder
	for arg := 2; ; {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			break
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("-+ #0123456789.", r) })
		if end < 0 {
			l.RaiseError("invalid option '%%' to 'format'")
		}
		flags, verb := rest[:end], rest[end]
		text = rest[end+1:]
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		b.WriteString(formatOne(l, arg, flags, verb))
		arg++
	}
	l.Push(lua.LString(b.String()))
	return 1
}

func formatOne(l *lua.LState, arg int, flags string, verb byte) string {
	switch verb {
	case 'd', 'i':
		n := int64(l.CheckNumber(arg))
		if flags == "" {
			return strconv.FormatInt(n, 10)
		}
		return fmt.Sprintf("%"+flags+"d", n)
	case 'u', 'c', 'x', 'X', 'o':
		n := int64(l.CheckNumber(arg))
		if verb == 'c' {
			return string([]byte{byte(n & 0xff)})
		}
		if verb == 'u' {
			verb = 'd'
		}
		return fmt.Sprintf("%"+flags+string(verb), n)
	case 'e', 'E', 'f', 'g', 'G':
		return fmt.Sprintf("%"+flags+string(verb), float64(l.CheckNumber(arg)))
	case 's':
		text := lua.LVAsString(l.ToStringMeta(l.CheckAny(arg)))
		if n, ok := l.Get(arg).(lua.LNumber); ok {
			text = luaNumber(float64(n))
		}
		if flags == "" {
			return text
		}
		return fmt.Sprintf("%"+flags+"s", text)
	}
	l.RaiseError("invalid option '%%%c' to 'format' (memredis)", verb)
	return ""
}
