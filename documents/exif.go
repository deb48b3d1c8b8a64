package documents

import (
	"encoding/binary"
	"slices"
)

// addEXIF notes the orientation and whether the picture tells a place. Anything
// odd is passed over: the pixels are what counts, and no metadata survives.
func (h *header) addEXIF(tiff []byte) {
	orientation, located := readEXIF(tiff)
	if orientation != 0 && !h.oriented { // the first directory that says it counts
		h.Orientation, h.oriented = orientation, true
	}
	if located && !slices.Contains(h.Hints, Located) {
		h.Hints = append(h.Hints, Located)
	}
}

// readEXIF reads the first directory of a TIFF structure: the orientation (1 to
// 8, or 0) and whether there is a GPS directory.
func readEXIF(b []byte) (orientation int, located bool) {
	if len(b) < 8 {
		return 0, false
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 0, false
	}
	count := uint64(order.Uint16(b[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(b)) {
			break
		}
		e := b[entry:]
		switch order.Uint16(e) {
		case 0x0112:
			if orientation == 0 {
				orientation = readOrientation(order, e)
			}
		case 0x8825: // the offset of the GPS directory
			located = true
		}
	}
	return orientation, located
}

// readOrientation reads the entry of an orientation: 1 to 8, or 0. The standard
// has one SHORT at the beginning of the value; telephones also write LONG or BYTE,
// at either end and in either byte order.
func readOrientation(order binary.ByteOrder, entry []byte) int {
	value := entry[8:12]
	var v uint32
	switch kind := order.Uint16(entry[2:]); kind {
	case 3, 8: // SHORT, SSHORT
		v = uint32(order.Uint16(value))
	case 4, 9: // LONG, SLONG
		v = order.Uint32(value)
	case 1, 6, 7: // BYTE, SBYTE, UNDEFINED
		v = uint32(value[0])
	default:
		return 0
	}
	if v >= 1 && v <= 8 {
		return int(v)
	}
	// Misplaced: the one byte of the four that is not zero.
	found := 0
	for _, b := range value {
		if b == 0 {
			continue
		}
		if found != 0 || b > 8 {
			return 0
		}
		found = int(b)
	}
	return found
}
