package memredis

import (
	"github.com/redis/go-redis/v9"
)

// answer is what a command is answered.
type answer struct {
	reply reply
	err   error
}

// run carries out the commands of one call.
func (s *Store) run(cmds []redis.Cmder, answers []answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(cmds) > 1 && cmds[0].Name() == "multi" {
		s.transact(cmds, answers)
		return
	}
	for i, cmd := range cmds {
		answers[i] = s.runOne(cmd)
	}
}

func (s *Store) runOne(cmd redis.Cmder) answer {
	args, err := appendArgs(s.args[:0], cmd.Args())
	if err != nil {
		return answer{err: err}
	}
	s.args = args
	r, err := s.carryOut(args)
	return answer{r, err}
}

// transact carries out a MULTI, all of it or, if a command could not be queued, nothing.
func (s *Store) transact(cmds []redis.Cmder, answers []answer) {
	last := len(cmds) - 1
	if cmds[last].Name() != "exec" {
		answers[0].err = errNotEnded
		return
	}
	answers[0].reply = replyOK
	for i, cmd := range cmds[1:last] {
		args, err := appendArgs(nil, cmd.Args())
		if err == nil {
			_, err = lookup(args)
		}
		if err != nil {
			answers[i+1].err, answers[last].err = err, errExecAbort
		}
	}
	list := make([]reply, 0, len(cmds))
	for i, cmd := range cmds[1:last] {
		if answers[last].err != nil {
			if answers[i+1].err == nil {
				answers[i+1].err = errExecAbort
			}
			continue
		}
		answers[i+1] = s.runOne(cmd)
		list = append(list, answers[i+1].inArray())
	}
	answers[last].reply = array(list...)
}

// inArray is the answer as an element of EXEC's.
func (a answer) inArray() reply {
	if a.err != nil {
		return reply{shape: shapeError, s: a.err.Error()}
	}
	return a.reply
}
