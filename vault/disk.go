package vault

import (
	"io"
	"os"
	"path/filepath"

	"alta/durable"
)

// replaceFile puts data in the place of the file's content, durably and whole,
// and then overwrites the old content on the medium.
func replaceFile(path string, data []byte) error {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	temp, err := durable.WriteTemp(filepath.Dir(path), data, 0o600)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return err
	}
	if err := durable.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return wipe(old)
}

// destroyFile overwrites the file's bytes with zeros, waits for the medium, and
// removes the name. Overwriting reaches the same blocks on file systems that
// write in place (ext4, xfs); on copy-on-write ones, in snapshots and in a solid
// state disk's spare cells an old copy can stay. Such a copy is still wrapped:
// rotating the KEK and retiring its old version makes it worthless.
func destroyFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := wipe(f); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	// Another deleter may have taken the emptied folder away meanwhile.
	if err := durable.SyncDir(filepath.Dir(path)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func wipe(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.NewOffsetWriter(f, 0), io.LimitReader(zeros{}, info.Size())); err != nil {
		return err
	}
	return f.Sync()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
