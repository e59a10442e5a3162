package memredis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// engine runs scripts, one at a time. Nothing of one is left to the next.
type engine struct {
	state   *lua.LState
	globals *lua.LTable
	store   *Store
	running *script
}

// engines are those that are idle; to make one takes longer than to run ten scripts.
var engines = sync.Pool{New: func() any { return newEngine() }}

const (
	stackSize    = 4 << 10
	maxStackSize = 4 << 20 // scripts unpack tables of thousands
	stackStep    = 4 << 10
)

func newEngine() *engine {
	e := &engine{state: lua.NewState(lua.Options{
		SkipOpenLibs: true,
		RegistrySize: stackSize, RegistryMaxSize: maxStackSize, RegistryGrowStep: stackStep,
	})}
	for _, library := range []lua.LGFunction{lua.OpenBase, lua.OpenTable, lua.OpenString, lua.OpenMath} {
		e.state.Push(e.state.NewFunction(library))
		e.state.Call(0, 0)
	}
	e.globals = e.state.G.Global
	e.openBase()
	e.globals.RawSetString("redis", e.state.SetFuncs(e.state.NewTable(), map[string]lua.LGFunction{
		"call":               e.call,
		"pcall":              e.pcall,
		"error_reply":        errorReply,
		"status_reply":       statusReply,
		"sha1hex":            sha1Of,
		"replicate_commands": func(l *lua.LState) int { l.Push(lua.LTrue); return 1 },
	}))
	e.globals.RawSetString("cjson", openJSON(e.state))
	e.protect()
	return e
}

// run runs a script as part of the Store's call under way.
func (e *engine) run(s *Store, known *script, keys, args []string) (reply, error) {
	if line := known.setsGlobal; line != 0 {
		return replyNil, known.errorAt(fmt.Sprintf("ERR %s:%d: Attempt to modify a readonly table", chunkName, line), strconv.Itoa(line))
	}
	e.store, e.running, s.scripting = s, known, true
	defer func() { e.store, e.running, s.scripting = nil, nil, false }()
	e.globals.RawSetString("KEYS", e.texts(keys))
	e.globals.RawSetString("ARGV", e.texts(args))
	e.state.Push(e.state.NewFunctionFromProto(known.proto))
	if err := e.state.PCall(0, 1, nil); err != nil {
		return replyNil, e.failure(err)
	}
	result := e.state.Get(-1)
	e.state.SetTop(0)
	answer := toReply(result)
	if answer.shape == shapeError {
		return replyNil, Error(answer.s)
	}
	return answer, nil
}

func (e *engine) texts(texts []string) *lua.LTable {
	table := e.state.CreateTable(len(texts), 0)
	for _, text := range texts {
		table.Append(lua.LString(text))
	}
	return table
}

// failure is the error of a script that ended early.
func (e *engine) failure(err error) error {
	var failed *lua.ApiError
	if !errors.As(err, &failed) {
		return e.running.errorAt("ERR "+err.Error(), "0")
	}
	if text, line, ok := errorIn(failed.Object); ok {
		return e.running.errorAt(text, line)
	}
	text := failed.Object.String()
	line, _, _ := strings.Cut(strings.TrimPrefix(text, chunkName+":"), ":")
	return e.running.errorAt("ERR "+text, line)
}

func (s *script) errorAt(text, line string) error {
	return errorf("%s script: %s, on @%s:%s.", text, s.sha, chunkName, line)
}
