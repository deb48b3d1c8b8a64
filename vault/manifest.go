package vault

import (
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// manifest is what a blob is made of.
type manifest struct {
	ID     string
	Chunks []string // addresses in order
	SHA256 string
	Size   int64
}

// storedManifest is the stored form. The chunk list is readable without a key,
// for Sweep and Scrub, and authenticated with one; the content's hash and size
// are sealed, because the hash of a known picture would name it.
type storedManifest struct {
	Version int      `json:"v"`
	ID      string   `json:"id"`
	Chunks  []string `json:"chunks"`
	Key     []byte   `json:"key"`  // the blob's key, wrapped under the subject's
	Meta    []byte   `json:"meta"` // sealed under the blob's key
}

type storedMeta struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

func (m manifest) encode(owner cipher.AEAD, key []byte, subject string) []byte {
	meta, err := json.Marshal(storedMeta{SHA256: m.SHA256, Size: m.Size})
	if err != nil {
		panic("vault: marshal two plain values: " + err.Error())
	}
	list := strings.Join(m.Chunks, ",")
	b, err := json.Marshal(storedManifest{
		Version: 1, ID: m.ID, Chunks: m.Chunks,
		Key:  seal(owner, key, bind(purposeBlob, subject, m.ID)),
		Meta: seal(aead(derive(key, purposeMeta)), meta, bind(purposeMeta, subject, m.ID, list)),
	})
	if err != nil {
		panic("vault: marshal a manifest: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return fmt.Appendf(nil, "%s\n%x\n", b, sum)
}

// parseManifest reads what can be read without a key.
func parseManifest(raw []byte) (storedManifest, error) {
	var s storedManifest
	body, rest, _ := strings.Cut(string(raw), "\n")
	if sum := sha256.Sum256([]byte(body)); rest != hex.EncodeToString(sum[:])+"\n" {
		return s, ErrDamaged
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil || s.Version != 1 || len(s.Chunks) == 0 {
		return s, ErrDamaged
	}
	for _, address := range s.Chunks {
		if b, err := hex.DecodeString(address); err != nil || len(b) != sha256.Size || strings.ToLower(address) != address {
			return s, ErrDamaged
		}
	}
	return s, nil
}

func decodeManifest(raw []byte, owner cipher.AEAD, subject string) (manifest, []byte, error) {
	s, err := parseManifest(raw)
	if err != nil {
		return manifest{}, nil, err
	}
	key, err := unseal(owner, s.Key, bind(purposeBlob, subject, s.ID))
	if err != nil || len(key) != 32 {
		return manifest{}, nil, ErrDamaged
	}
	list := strings.Join(s.Chunks, ",")
	clear, err := unseal(aead(derive(key, purposeMeta)), s.Meta, bind(purposeMeta, subject, s.ID, list))
	if err != nil {
		return manifest{}, nil, err
	}
	var meta storedMeta
	if err := json.Unmarshal(clear, &meta); err != nil {
		return manifest{}, nil, ErrDamaged
	}
	return manifest{ID: s.ID, Chunks: s.Chunks, SHA256: meta.SHA256, Size: meta.Size}, key, nil
}
