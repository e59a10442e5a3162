package memredis

import (
	"crypto/sha1" //nolint:gosec // by which Redis names scripts
	"encoding/hex"
	"maps"
	"strings"
)

var scriptCommands = map[string]command{
	"EVAL":       {3, -1, outside(eval)},
	"EVAL_RO":    {3, -1, outside(eval)},
	"EVALSHA":    {3, -1, outside(evalSha)},
	"EVALSHA_RO": {3, -1, outside(evalSha)},
	"SCRIPT":     {2, -1, outside(scriptCommand)},
}

// outside is a command that no script may call.
func outside(run func(*Store, []string) (reply, error)) func(*Store, []string) (reply, error) {
	return func(s *Store, args []string) (reply, error) {
		if s.scripting {
			return replyNil, Error("ERR This Redis command is not allowed from script")
		}
		return run(s, args)
	}
}

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // by which Redis names scripts
	return hex.EncodeToString(sum[:])
}

// learn makes a script known to this Redis.
func (s *Store) learn(source string) (*script, error) {
	compiled, err := compile(source)
	if err != nil {
		return nil, err
	}
	if s.scripts[compiled.sha] == nil {
		s.ownScripts()
		s.scripts[compiled.sha] = compiled
	}
	return compiled, nil
}

func (s *Store) ownScripts() {
	if s.scriptsShared {
		s.scripts, s.scriptsShared = maps.Clone(s.scripts), false
	}
}

func eval(s *Store, args []string) (reply, error) {
	compiled, err := s.learn(args[1])
	if err != nil {
		return replyNil, err
	}
	return s.runScript(compiled, args[2:])
}

func evalSha(s *Store, args []string) (reply, error) {
	known := s.scripts[args[1]]
	if known == nil {
		known = s.scripts[strings.ToLower(args[1])]
	}
	if known == nil {
		return replyNil, errNoScript
	}
	return s.runScript(known, args[2:])
}

// runScript runs it with the number of its keys, the keys and the arguments.
func (s *Store) runScript(known *script, args []string) (reply, error) {
	n, err := count(args[0])
	if err != nil {
		return replyNil, errNotInteger
	}
	if n > len(args)-1 {
		return replyNil, Error("ERR Number of keys can't be greater than number of args")
	}
	e := engines.Get().(*engine)
	defer engines.Put(e)
	return e.run(s, known, args[1:1+n], args[1+n:])
}

func scriptCommand(s *Store, args []string) (reply, error) {
	switch strings.ToUpper(args[1]) {
	case "LOAD":
		if len(args) != 3 {
			return replyNil, errSyntax
		}
		known, err := s.learn(args[2])
		if err != nil {
			return replyNil, err
		}
		return bulk(known.sha), nil
	case "EXISTS":
		list := make([]reply, 0, len(args)-2)
		for _, sha := range args[2:] {
			list = append(list, truth(s.scripts[strings.ToLower(sha)] != nil))
		}
		return array(list...), nil
	case "FLUSH":
		s.scripts, s.scriptsShared = map[string]*script{}, false
		return replyOK, nil
	}
	return replyNil, errorf("ERR unknown command 'script %s' (memredis)", args[1])
}
