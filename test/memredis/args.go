package memredis

import (
	"encoding"
	"fmt"
	"strconv"
	"time"
)

// appendArgs appends a command's arguments as go-redis sends them.
func appendArgs(texts []string, args []any) ([]string, error) {
	for _, arg := range args {
		text, err := argText(arg)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func argText(arg any) (string, error) {
	switch arg := arg.(type) {
	case nil:
		return "", nil
	case string:
		return arg, nil
	case []byte:
		return string(arg), nil
	case int:
		return strconv.Itoa(arg), nil
	case int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(arg), nil
	case float32:
		return strconv.FormatFloat(float64(arg), 'f', -1, 64), nil
	case float64:
		return strconv.FormatFloat(arg, 'f', -1, 64), nil
	case bool:
		if arg {
			return "1", nil
		}
		return "0", nil
	case time.Time:
		return arg.Format(time.RFC3339Nano), nil
	case time.Duration:
		return strconv.FormatInt(arg.Nanoseconds(), 10), nil
	case encoding.BinaryMarshaler:
		text, err := arg.MarshalBinary()
		return string(text), err
	}
	return "", fmt.Errorf("memredis: argument of type %T", arg)
}
