package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"alta/durable"
)

// A mark is the tree's head after the newest sync: 52 bytes that are overwritten
// in place before every acknowledgement, without a sync of their own. They
// survive the end of the process at any point. A power cut may leave an older
// mark, never one ahead of the store, because the store was synced first.
//
//	"altamark" · size:8 · root:32 · CRC-32C of all that:4
const (
	markMagic = "altamark"
	markSize  = len(markMagic) + 8 + tlog.HashSize + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errMark: a mark that cannot be read.
var errMark = errors.New("evidence: the mark is damaged")

func encodeMark(t tlog.Tree) []byte {
	b := make([]byte, 0, markSize)
	b = append(b, markMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.N))
	b = append(b, t.Hash[:]...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeMark(b []byte) (t tlog.Tree, err error) {
	body := markSize - 4
	if len(b) != markSize || string(b[:len(markMagic)]) != markMagic ||
		binary.BigEndian.Uint32(b[body:]) != crc32.Checksum(b[:body], castagnoli) {
		return t, errMark
	}
	t.N = int64(binary.BigEndian.Uint64(b[len(markMagic):]))
	copy(t.Hash[:], b[len(markMagic)+8:])
	if t.N < 0 {
		return t, errMark
	}
	return t, nil
}

// openMark opens the file of the mark, and makes it at its full size first, so
// that writing the mark never needs space on the disk.
func openMark(file string) (*os.File, error) {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := durable.Replace(file, encodeMark(emptyTree()), 0o600); err != nil {
			return nil, fmt.Errorf("evidence: make the mark: %w", err)
		}
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("evidence: open the mark: %w", err)
	}
	return f, nil
}
