package nodetest

import (
	"net"
	"sync"
)

// gate stops everything that passes it while it is shut.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while the gate is open
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.open)
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		return false
	default:
		return true
	}
}

// pass waits until the gate is open; false means that closed came first.
func (g *gate) pass(closed <-chan struct{}) bool {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return true
	case <-closed:
		return false
	}
}

// listener hands out connections whose bytes pass a gate.
type listener struct {
	net.Listener
	gate   *gate
	closed chan struct{}
	once   sync.Once
	taken  chan struct{} // holds one when a connection was taken while the gate was shut
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if l.gate.isShut() {
		select {
		case l.taken <- struct{}{}:
		default:
		}
	}
	l.gate.pass(l.closed)
	return &conn{Conn: c, gate: l.gate, closed: make(chan struct{})}, nil
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// conn is a connection of a process that can be stopped: the kernel takes what
// comes, and nobody reads or answers.
type conn struct {
	net.Conn
	gate   *gate
	closed chan struct{}
	once   sync.Once
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.gate.pass(c.closed) {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	if !c.gate.pass(c.closed) {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
