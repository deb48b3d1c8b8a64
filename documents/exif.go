package documents

import (
	"encoding/binary"
	"slices"
)

// addEXIF notes the orientation and whether the picture tells a place. Anything
// odd is passed over: the pixels are what counts, and no metadata survives.
func (h *header) addEXIF(tiff []byte) {
	orientation, located := readEXIF(tiff)
	if orientation != 0 {
		h.Orientation = orientation
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
		case 0x0112: // orientation: one short
			if v := order.Uint16(e[8:]); order.Uint16(e[2:]) == 3 && v >= 1 && v <= 8 {
				orientation = int(v)
			}
		case 0x8825: // the offset of the GPS directory
			located = true
		}
	}
	return orientation, located
}
