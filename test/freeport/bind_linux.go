package freeport

import (
	"errors"

	"golang.org/x/sys/unix"
)

// bind binds a socket to the port, 0 for any, and keeps it bound until release. It sets SO_REUSEADDR
// only afterwards: with it, two tests could bind the same port.
func bind(port int) (bound int, release func(), err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	release = func() { _ = unix.Close(fd) }
	if bound, err = bindTo(fd, port); err != nil {
		release()
		return 0, nil, err
	}
	return bound, release, nil
}

func bindTo(fd, port int) (bound int, err error) {
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	address, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return 0, errors.New("the socket has no IPv4 address")
	}
	return address.Port, nil
}
