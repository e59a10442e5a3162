package memredis

import (
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// script is one that was compiled.
type script struct {
	sha   string
	proto *lua.FunctionProto
	// setsGlobal is a line that sets a global variable, which Redis does not allow; 0 if there is none.
	setsGlobal int
}

// compiled are the scripts of all Stores, by source.
var compiled struct {
	sync.RWMutex
	scripts map[string]*script
}

const chunkName = "user_script"

func compile(source string) (*script, error) {
	compiled.RLock()
	known := compiled.scripts[source]
	compiled.RUnlock()
	if known != nil {
		return known, nil
	}
	chunk, err := parse.Parse(strings.NewReader(source), chunkName)
	if err != nil {
		return nil, errorf("ERR Error compiling script (new function): %v", err)
	}
	proto, err := lua.Compile(chunk, chunkName)
	if err != nil {
		return nil, errorf("ERR Error compiling script (new function): %v", err)
	}
	proto.IsVarArg &^= lua.VarArgNeedsArg // gopher-lua's table arg, which a script has not in Redis, takes a microsecond
	known = &script{sha: sha1Hex(source), proto: proto, setsGlobal: setsGlobal(proto)}
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.scripts == nil {
		compiled.scripts = map[string]*script{}
	}
	compiled.scripts[source] = known
	return known, nil
}

// opcodeShift is where gopher-lua keeps an instruction's operation.
const opcodeShift = 26

func setsGlobal(proto *lua.FunctionProto) (line int) {
	for i, instruction := range proto.Code {
		if int(instruction>>opcodeShift) == lua.OP_SETGLOBAL {
			return proto.DbgSourcePositions[i]
		}
	}
	for _, inner := range proto.FunctionPrototypes {
		if line := setsGlobal(inner); line != 0 {
			return line
		}
	}
	return 0
}
