package memredis

import "strings"

// command is one that Redis knows.
type command struct {
	// least and most are how many arguments it takes, its name among them; most is -1 for any number.
	least, most int
	run         func(s *Store, args []string) (reply, error)
}

// commands are all, by name in capitals and in small letters.
var commands = map[string]*command{}

func init() {
	for _, some := range []map[string]command{
		keyCommands, stringCommands, hashCommands, setCommands, listCommands, zsetCommands, streamCommands,
		serverCommands, scriptCommands,
	} {
		for name, c := range some {
			commands[name] = &c
			commands[strings.ToLower(name)] = &c
		}
	}
}

// lookup finds the command of the arguments, nil if there is none, and checks how many they are.
func lookup(args []string) (*command, error) {
	c := commands[args[0]]
	if c == nil {
		c = commands[strings.ToUpper(args[0])]
	}
	if c == nil {
		return nil, errorf("ERR unknown command '%s' (memredis)", args[0])
	}
	if len(args) < c.least || c.most >= 0 && len(args) > c.most {
		return c, errorf("ERR wrong number of arguments for '%s' command", strings.ToLower(args[0]))
	}
	return c, nil
}

// carryOut runs one command of a client.
func (s *Store) carryOut(args []string) (reply, error) {
	c, err := lookup(args)
	if err != nil {
		return reply{}, err
	}
	s.at = s.now()
	before := s.changes
	answer, err := c.run(s, args)
	if s.changes != before {
		s.writes++
	}
	return answer, err
}
