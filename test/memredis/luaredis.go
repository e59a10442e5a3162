package memredis

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// call is redis.call: an error ends the script.
func (e *engine) call(l *lua.LState) int {
	r, err := e.command(l)
	if err != nil {
		l.Error(errorTable(l, err.Error()), 1)
	}
	l.Push(toLua(l, r))
	return 1
}

// pcall is redis.pcall: an error is a value.
func (e *engine) pcall(l *lua.LState) int {
	r, err := e.command(l)
	if err != nil {
		l.Push(errorTable(l, err.Error()))
		return 1
	}
	l.Push(toLua(l, r))
	return 1
}

func (e *engine) command(l *lua.LState) (reply, error) {
	n := l.GetTop()
	if n == 0 {
		return replyNil, Error("ERR Please specify at least one argument for this redis lib call")
	}
	args := e.store.scriptArgs[:0]
	for i := 1; i <= n; i++ {
		switch arg := l.Get(i).(type) {
		case lua.LString:
			args = append(args, string(arg))
		case lua.LNumber:
			args = append(args, formatFloat(float64(arg)))
		default:
			return replyNil, Error("ERR Lua redis lib command arguments must be strings or integers")
		}
	}
	e.store.scriptArgs = args
	c, err := lookup(args)
	switch {
	case c == nil:
		return replyNil, errorf("ERR Unknown Redis command called from script: '%s' (memredis)", args[0])
	case err != nil:
		return replyNil, Error("ERR Wrong number of args calling Redis command from script")
	}
	return c.run(e.store, args)
}

// errorTable is an error as scripts see it, with the line on which it came about.
func errorTable(l *lua.LState, text string) *lua.LTable {
	table := l.CreateTable(0, 2)
	table.RawSetString("err", lua.LString(text))
	line := strings.Trim(strings.TrimPrefix(l.Where(1), chunkName), ": ")
	table.RawSetString("line", lua.LString(line))
	return table
}

// errorIn finds the error in a table that was raised as one.
func errorIn(raised lua.LValue) (text, line string, ok bool) {
	table, ok := raised.(*lua.LTable)
	if !ok {
		return "", "", false
	}
	message, ok := table.RawGetString("err").(lua.LString)
	return string(message), lua.LVAsString(table.RawGetString("line")), ok
}

// protectedCall is pcall, to which an error of redis.call is a text.
func protectedCall(original lua.LValue) lua.LGFunction {
	return func(l *lua.LState) int {
		n := l.GetTop()
		l.Insert(original, 1)
		l.Call(n, lua.MultRet)
		if l.Get(1) == lua.LFalse {
			if text, _, ok := errorIn(l.Get(2)); ok {
				l.Replace(2, lua.LString(text))
			}
		}
		return l.GetTop()
	}
}

// errorReply makes an error of a text whose first word, if there are two, is its code.
func errorReply(l *lua.LState) int {
	text := strings.TrimPrefix(l.CheckString(1), "-")
	if !strings.Contains(text, " ") {
		text = "ERR " + text
	}
	return pushField(l, "err", text)
}

func statusReply(l *lua.LState) int { return pushField(l, "ok", l.CheckString(1)) }

func pushField(l *lua.LState, name, text string) int {
	table := l.CreateTable(0, 1)
	table.RawSetString(name, lua.LString(text))
	l.Push(table)
	return 1
}

func sha1Of(l *lua.LState) int {
	l.Push(lua.LString(sha1Hex(l.CheckString(1))))
	return 1
}
