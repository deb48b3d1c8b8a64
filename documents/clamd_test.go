package documents

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// startClamd is a daemon that speaks INSTREAM, alerts what it cannot look through,
// and finds whatever contains the word "virus". behave, when not nil, replaces its
// answer about files.
func startClamd(t *testing.T, behave func(conn net.Conn, content []byte)) Clamd {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				if cmd, err := r.ReadString(0); err != nil || cmd != "zINSTREAM\x00" {
					io.WriteString(conn, "UNKNOWN COMMAND\x00")
					return
				}
				var content []byte
				for {
					var n uint32
					if binary.Read(r, binary.BigEndian, &n) != nil {
						return
					}
					if n == 0 {
						break
					}
					chunk := make([]byte, n)
					if _, err := io.ReadFull(r, chunk); err != nil {
						return
					}
					content = append(content, chunk...)
				}
				switch {
				case bytes.Equal(content, unscannable()):
					io.WriteString(conn, "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\x00")
				case behave != nil:
					behave(conn, content)
				case bytes.Contains(content, []byte("virus")):
					io.WriteString(conn, "stream: Test-Signature FOUND\x00")
				default:
					io.WriteString(conn, "stream: OK\x00")
				}
			}()
		}
	}()
	return Clamd{Address: l.Addr().String(), Timeout: time.Minute}
}

func TestOnlyAFileThatTheScannerCallsCleanIsTaken(t *testing.T) {
	cfg := testConfig()
	picture := asJPEG(specimen(200, 100, 1), 80)
	infected := insertSegment(picture, 0xFE, []byte("a virus"))
	large := append(bytes.Clone(picture), make([]byte, 300_000)...)
	answer := func(s string) func(net.Conn, []byte) {
		return func(c net.Conn, _ []byte) { io.WriteString(c, s) }
	}
	closed := startClamd(t, nil)
	closed.Address = "127.0.0.1:1"
	slow := startClamd(t, func(c net.Conn, _ []byte) { io.Copy(io.Discard, c) })
	slow.Timeout = 300 * time.Millisecond
	for name, c := range map[string]struct {
		scanner Clamd
		file    []byte
		code    Code
		fault   error
	}{
		"clean":                       {startClamd(t, nil), picture, "", nil},
		"clean, in several chunks":    {startClamd(t, nil), large, "", nil},
		"infected":                    {startClamd(t, nil), infected, Infected, nil},
		"the scanner is not there":    {closed, picture, "", ErrScanner},
		"beyond the scanner's limits": {startClamd(t, answer("stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\x00")), picture, TooComplex, nil},
		"the scanner says nothing":    {startClamd(t, answer("")), picture, "", ErrScanner},
		"the scanner has an error":    {startClamd(t, answer("INSTREAM size limit exceeded. ERROR\x00")), picture, "", ErrScanner},
		"the scanner is cut off":      {startClamd(t, answer("stream: OK")), picture, "", ErrScanner},
		"the scanner talks strangely": {startClamd(t, answer("stream: OK, I think\x00")), picture, "", ErrScanner},
		"the scanner is too slow":     {slow, picture, "", ErrScanner},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Scanner = c.scanner
			in := newIntake(t, cfg)
			defer in.Close()
			_, err := in.Accept(context.Background(), "acc", bytes.NewReader(c.file))
			if codeOf(err) != c.code || c.fault != nil && !errors.Is(err, c.fault) || c.code == "" && c.fault == nil && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A daemon without AlertExceedsMax says OK of what it did not look at.
func TestAScannerThatCallsCleanWhatItCannotLookThroughIsNotBelieved(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "stream: OK\x00")
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	c := Clamd{Address: l.Addr().String()}
	if err := c.Scan(t.Context(), bytes.NewReader([]byte("clean"))); !errors.Is(err, ErrScanner) {
		t.Errorf("got %v", err)
	}
}
