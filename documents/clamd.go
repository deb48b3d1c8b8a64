package documents

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// ErrScanner: the configured scanner did not say that the file is clean. The
// file is refused for now; it is not known to be bad.
var ErrScanner = errors.New("documents: the virus scanner is unavailable")

// Clamd asks a ClamAV daemon with the INSTREAM command (clamd(8)).
//
// A daemon that meets its own limits within a file answers OK, as if it had looked
// at all of it, unless AlertExceedsMax is set. Nobody can ask for that setting, so
// it is tried: what no daemon looks through is sent first, and only one that says
// so is believed about files.
type Clamd struct {
	Network string        // "unix" or "tcp"; told by the address when empty
	Address string        // a path that starts with a slash, or host:port
	Timeout time.Duration // of one file; 30 s by default
}

const clamdChunk = 64 << 10

// Scan answers nil only when the daemon says OK, and does not say so of what it
// cannot look through; a *Rejection when it names a signature (Infected) or meets
// its limits (TooComplex); ErrScanner in every other case.
func (c Clamd) Scan(ctx context.Context, r io.Reader) error {
	var told *Rejection
	switch err := c.ask(ctx, bytes.NewReader(unscannable())); {
	case err == nil:
		return fmt.Errorf("%w: it calls clean what it cannot look through; set AlertExceedsMax", ErrScanner)
	case !errors.As(err, &told):
		return err
	}
	return c.ask(ctx, r)
}

// unscannable is an archive within an archive, deeper than any daemon follows: it
// can be told to go a hundred deep at most.
var unscannable = sync.OnceValue(func() []byte {
	inner := []byte("as deep as it gets")
	for range 110 {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: "0", Method: zip.Store, CRC32: crc32.ChecksumIEEE(inner),
			CompressedSize64: uint64(len(inner)), UncompressedSize64: uint64(len(inner)),
		})
		if err == nil {
			_, err = w.Write(inner)
		}
		if err := errors.Join(err, z.Close()); err != nil {
			panic("documents: an archive in memory: " + err.Error())
		}
		inner = b.Bytes()
	}
	return inner
})

func (c Clamd) ask(ctx context.Context, r io.Reader) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	network := c.Network
	if network == "" {
		network = "tcp"
		if strings.HasPrefix(c.Address, "/") {
			network = "unix"
		}
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, c.Address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrScanner, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	// The daemon may answer and close before it has read everything (its own size
	// limit), so a failed write is told only when there is no answer either.
	werr := sendStream(conn, r)
	reply, err := bufio.NewReader(io.LimitReader(conn, 4096)).ReadString(0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrScanner, errors.Join(werr, err))
	}
	return readVerdict(strings.TrimSuffix(reply, "\x00"), werr == nil)
}

func sendStream(w io.Writer, r io.Reader) error {
	if _, err := io.WriteString(w, "zINSTREAM\x00"); err != nil {
		return err
	}
	chunk := make([]byte, 4+clamdChunk)
	for {
		n, err := io.ReadFull(r, chunk[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(chunk, uint32(n))
			if _, err := w.Write(chunk[:4+n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			_, err := w.Write([]byte{0, 0, 0, 0})
			return err
		case err != nil:
			return err
		}
	}
}

// readVerdict reads "stream: OK", "stream: <signature> FOUND" or an error. OK
// counts only for a file that was sent whole.
func readVerdict(reply string, whole bool) error {
	verdict, ok := strings.CutPrefix(reply, "stream: ")
	if !ok {
		return fmt.Errorf("%w: it answered an error", ErrScanner)
	}
	if verdict == "OK" && whole {
		return nil
	}
	name, found := strings.CutSuffix(verdict, " FOUND")
	switch {
	case found && strings.HasPrefix(name, "Heuristics.Limits.Exceeded"):
		return reject(TooComplex, "the scanner cannot look through it")
	case found:
		return reject(Infected, "the scanner found %.100q", name)
	}
	return fmt.Errorf("%w: it answered neither OK nor FOUND", ErrScanner)
}
