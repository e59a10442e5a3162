package memredis

import lua "github.com/yuin/gopher-lua"

// toLua is a reply as a script sees it, in RESP2.
func toLua(l *lua.LState, r reply) lua.LValue {
	switch r.shape {
	case shapeNil:
		return lua.LFalse
	case shapeInt:
		return lua.LNumber(r.n)
	case shapeBulk, shapeDouble:
		return lua.LString(r.s)
	case shapeStatus, shapeError:
		table := l.CreateTable(0, 1)
		name := "ok"
		if r.shape == shapeError {
			name = "err"
		}
		table.RawSetString(name, lua.LString(r.s))
		return table
	case shapeStreams:
		table := l.CreateTable(len(r.list)/2, 0)
		for i := 0; i < len(r.list); i += 2 {
			table.Append(toLua(l, array(r.list[i], r.list[i+1])))
		}
		return table
	default:
		table := l.CreateTable(len(r.list), 0)
		for _, element := range r.list {
			table.Append(toLua(l, element))
		}
		return table
	}
}

// toReply is what a script returned as Redis answers it: numbers are cut off to integers, and the first nil ends
// an array.
func toReply(v lua.LValue) reply {
	switch v := v.(type) {
	case lua.LNumber:
		return integer64(int64(v))
	case lua.LString:
		return bulk(string(v))
	case lua.LBool:
		if v {
			return integer(1)
		}
	case *lua.LTable:
		if text, ok := v.RawGetString("err").(lua.LString); ok {
			return reply{shape: shapeError, s: string(text)}
		}
		if text, ok := v.RawGetString("ok").(lua.LString); ok {
			return status(string(text))
		}
		list := make([]reply, 0, v.MaxN())
		for i := 1; ; i++ {
			element := v.RawGetInt(i)
			if element == lua.LNil {
				return array(list...)
			}
			list = append(list, toReply(element))
		}
	}
	return replyNil
}
