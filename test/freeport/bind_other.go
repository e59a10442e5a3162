//go:build !linux

package freeport

import (
	"fmt"
	"net"
)

// bind finds out that the port, 0 for any, is free.
func bind(port int) (bound int, release func(), err error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return 0, nil, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return 0, nil, err
	}
	if !ok {
		return 0, nil, fmt.Errorf("%s is no address of TCP", listener.Addr())
	}
	return address.Port, func() {}, nil
}
