// Command nodetest offers a cluster for tests (package eventstore/wire/nodetest) to
// other processes of this machine: several of Alta, or a client in another language.
//
//	go run ./scripts/nodetest -dir /tmp/cluster -nodes 3
//
// It prints the connection string and then does what the lines on its standard input
// say, such as "cut leader", "elect 1", "heal 0", "copy /tmp/older"; a word that it
// does not know is answered with those that it knows. With -control the same lines are
// taken at a loopback port, which it prints too. It ends with its input.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"

	"alta/eventstore/wire"
	"alta/eventstore/wire/nodetest"
)

func main() {
	opt := nodetest.Options{}
	flag.StringVar(&opt.Dir, "dir", "", "directory of the log, which is left there")
	flag.IntVar(&opt.Nodes, "nodes", 3, "1, 3 or 5")
	flag.StringVar(&opt.Version, "version", "", "what the server says it is")
	simple := flag.Bool("simple", false, "switch off the facts of a real server; \"facts\" switches them one by one")
	control := flag.String("control", "", "loopback address at which lines are taken too, such as 127.0.0.1:0")
	flag.Parse()
	if !*simple {
		opt.Facts = nodetest.Real()
	}
	if err := run(opt, *control); err != nil {
		fmt.Fprintln(os.Stderr, "nodetest:", err)
		os.Exit(1)
	}
}

func run(opt nodetest.Options, control string) error {
	c, err := nodetest.Start(opt)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(c.Connection())
	ctx := context.Background()
	if control != "" {
		l, err := wire.Listen(ctx, control)
		if err != nil {
			return err
		}
		fmt.Println(l.Addr())
		defer l.Close()
		go obey(ctx, c, l)
	}
	return c.Obey(ctx, os.Stdin, os.Stdout)
}

// obey takes lines at a port, of one connection at a time: a state is changed by
// nobody else meanwhile.
func obey(ctx context.Context, c *nodetest.Cluster, l net.Listener) {
	var one sync.Mutex
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			one.Lock()
			defer one.Unlock()
			_ = c.Obey(ctx, conn, conn) // whoever speaks sees how it ended
		}()
	}
}
