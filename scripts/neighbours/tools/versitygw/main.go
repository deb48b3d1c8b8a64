// Command versitygw runs the S3 gateway of that name over a folder. It is the
// gateway's own code by its own way to embed it, without the clouds that its
// command brings along: those would take longer to compile than all other
// neighbours together.
//
//	versitygw -port HOST:PORT -access KEY -secret SECRET [-cert PEM -key PEM] -versions DIR ROOT
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	var c embedgw.Config
	port := flag.String("port", "", "`address` to listen at")
	versions := flag.String("versions", "", "`folder` of older versions")
	flag.StringVar(&c.RootUserAccess, "access", "", "access `key`")
	flag.StringVar(&c.RootUserSecret, "secret", "", "`secret` of the access key")
	flag.StringVar(&c.CertFile, "cert", "", "PEM `file` of a certificate")
	flag.StringVar(&c.KeyFile, "key", "", "PEM `file` of its key")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("one argument, please: the folder whose folders are the buckets")
	}
	// As the command has them.
	c.Ports, c.MaxConnections, c.MaxRequests, c.MultipartMaxParts = []string{*port}, 250000, 100000, 10000
	files, err := posix.New(flag.Arg(0), meta.XattrMeta{}, posix.PosixOpts{VersioningDir: *versions, Concurrency: 5000})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := embedgw.RunVersityGW(ctx, files, &c); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}
