package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// canary is a value that occurs nowhere but where it was typed or uploaded.
type canary struct {
	name  string // which door it went through; the value itself is never printed
	value []byte
}

// shortest is the length in bytes from which a value found is no coincidence.
const shortest = 6

// needle is one canary in one encoding.
type needle struct {
	canary, form string
	bytes        []byte
}

// search finds many byte strings in one pass.
type search struct {
	pairs   [1 << 16 / 64]uint64 // which first two bytes are worth a look
	byHead  map[uint32][]needle  // by the first four bytes
	needles int
}

func newSearch(all []canary) *search {
	s := &search{byHead: map[uint32][]needle{}}
	seen := map[string]bool{}
	for _, c := range all {
		for _, n := range forms(c) {
			if key := string(n.bytes); len(n.bytes) >= shortest && !seen[key] {
				seen[key] = true
				pair := binary.LittleEndian.Uint16(n.bytes)
				s.pairs[pair/64] |= 1 << (pair % 64)
				head := binary.LittleEndian.Uint32(n.bytes)
				s.byHead[head] = append(s.byHead[head], n)
				s.needles++
			}
		}
	}
	return s
}

// forms are the ways in which a value could have been kept.
func forms(c canary) []needle {
	var out []needle
	add := func(form string, b []byte) { out = append(out, needle{c.name, form, b}) }
	v := c.value
	add("clear", v)
	// Base64 of a longer text that holds the value begins at one of three bits.
	for shift := range 3 {
		padded := append(make([]byte, shift), v...)
		whole := base64.RawStdEncoding.EncodeToString(padded)
		from, to := (shift*8+5)/6, len(padded)*8/6
		add(fmt.Sprintf("base64+%d", shift), []byte(whole[from:to]))
		whole = base64.RawURLEncoding.EncodeToString(padded)
		add(fmt.Sprintf("base64url+%d", shift), []byte(whole[from:to]))
	}
	lower := hex.EncodeToString(v)
	add("hex", []byte(lower))
	add("HEX", []byte(strings.ToUpper(lower)))
	reversed := slices.Clone(v)
	slices.Reverse(reversed)
	add("reversed", reversed)
	if !utf8.Valid(v) {
		return out // a piece of a file, not a text
	}
	text := string(v)
	units := utf16.Encode([]rune(text))
	little, big := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		little = binary.LittleEndian.AppendUint16(little, u)
		big = binary.BigEndian.AppendUint16(big, u)
	}
	add("UTF-16LE", little)
	add("UTF-16BE", big)
	runes := []rune(text)
	slices.Reverse(runes)
	add("letters reversed", []byte(string(runes)))
	add("percent-encoded", []byte(url.QueryEscape(text)))
	add("JSON escapes", []byte(strings.Trim(strconv.QuoteToASCII(text), `"`)))
	return out
}

// hit is a canary that was found where it should not be.
type hit struct{ canary, form, where string }

func (h hit) String() string { return h.canary + " as " + h.form + " in " + h.where }

// in looks through one piece of what is kept.
func (s *search) in(where string, data []byte) []hit {
	var hits []hit
	for i := 0; i+4 <= len(data); i++ {
		pair := uint16(data[i]) | uint16(data[i+1])<<8
		if s.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for _, n := range s.byHead[binary.LittleEndian.Uint32(data[i:])] {
			if len(data)-i >= len(n.bytes) && string(data[i:i+len(n.bytes)]) == string(n.bytes) {
				hits = append(hits, hit{n.canary, n.form, where})
			}
		}
	}
	return hits
}

// report is the error of the first few hits.
func report(hits []hit) error {
	if len(hits) == 0 {
		return nil
	}
	count := map[string]int{}
	var order []string
	for _, h := range hits {
		if count[h.String()]++; count[h.String()] == 1 {
			order = append(order, h.String())
		}
	}
	text := make([]string, 0, 12)
	for i, o := range order {
		if i == 12 {
			text = append(text, "…")
			break
		}
		text = append(text, fmt.Sprintf("%s (%d×)", o, count[o]))
	}
	return fmt.Errorf("%d hits: %s", len(hits), strings.Join(text, "; "))
}

// findPlanted shows that the search is not blind: every form of a value is found
// wherever it lies in a file.
func findPlanted(_ context.Context, r *run) (string, error) {
	planted := []canary{
		{"name", []byte("欧阳娜娜")}, {"number", []byte("11010519491231002X")}, {"mail", []byte("so.meone+x@example.cn")}, {"bytes", []byte("\xff\xfe\x00\x01canary\x80")},
	}
	s := newSearch(planted)
	noise, err := os.ReadFile(r.Alta)
	if err != nil {
		return "", err
	}
	noise = noise[:min(len(noise), 4<<20)]
	if err := report(s.in("the program itself", noise)); err != nil {
		return "", err
	}
	found := 0
	for _, c := range planted {
		for _, n := range forms(c) {
			for _, at := range []int{0, 1, 4097, len(noise)} {
				data := slices.Concat(noise[:at], n.bytes, noise[at:min(len(noise), at+64)])
				if len(s.in("", data)) == 0 {
					return "", fmt.Errorf("%s as %s is not found at byte %d", c.name, n.form, at)
				}
				found++
			}
		}
		text := "prefix " + string(c.value) + " suffix"
		for shift := range 3 {
			b := []byte(base64.StdEncoding.EncodeToString([]byte(text[shift:])))
			if len(s.in("", b)) == 0 {
				return "", fmt.Errorf("%s within base64 is not found", c.name)
			}
			found++
		}
	}
	return fmt.Sprintf("%d of %d planted values found, in %d forms", found, found, len(forms(planted[0]))), nil
}
