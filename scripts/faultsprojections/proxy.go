package main

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy stands between Alta and a Redis and makes the network bad.
type proxy struct {
	l       net.Listener
	delay   atomic.Int64 // nanoseconds that every piece waits
	silent  atomic.Bool  // half open: it takes what comes and answers nothing
	backend atomic.Pointer[string]

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newProxy(ctx context.Context, backend string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{l: l, conns: map[net.Conn]bool{}}
	p.backend.Store(&backend)
	context.AfterFunc(ctx, func() { _ = l.Close(); p.cut() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p, nil
}

func (p *proxy) address() string { return p.l.Addr().String() }

func (p *proxy) carry(c net.Conn) {
	defer c.Close()
	b, err := net.Dial("tcp", *p.backend.Load())
	if err != nil {
		return
	}
	defer b.Close()
	p.mu.Lock()
	p.conns[c], p.conns[b] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, c)
		delete(p.conns, b)
	}()
	done := make(chan struct{}, 2)
	go func() { p.pump(b, c); done <- struct{}{} }()
	go func() { p.pump(c, b); done <- struct{}{} }()
	<-done
}

func (p *proxy) pump(to, from net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if d := p.delay.Load(); d > 0 {
			time.Sleep(time.Duration(d))
		}
		if n > 0 && !p.silent.Load() {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}
