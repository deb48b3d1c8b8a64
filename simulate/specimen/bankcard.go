package specimen

import (
	"image/color"
	"strings"
)

// BankCardFront is the side of a debit card with the number.
type BankCardFront struct {
	Bank   string // the bank's name as printed
	Brand  string // three digits of the bank's code: chooses the colours
	Number string // without spaces
}

// brands are the colours of the drawn cards by bank code: near enough to tell
// the banks of a queue apart, and nobody's trade dress.
var brands = map[string][2]color.RGBA{
	"102": {{0xC4, 0x3A, 0x45, 0xFF}, {0x8E, 0x1F, 0x33, 0xFF}},
	"103": {{0x1F, 0x8F, 0x83, 0xFF}, {0x0E, 0x5E, 0x63, 0xFF}},
	"104": {{0xB3, 0x2F, 0x4C, 0xFF}, {0x6F, 0x1C, 0x3D, 0xFF}},
	"105": {{0x2C, 0x67, 0xB5, 0xFF}, {0x17, 0x3C, 0x7C, 0xFF}},
	"301": {{0x2A, 0x54, 0x96, 0xFF}, {0x16, 0x2D, 0x5E, 0xFF}},
	"305": {{0x3B, 0x6F, 0xC4, 0xFF}, {0x1B, 0x7B, 0x8A, 0xFF}},
	"308": {{0xCB, 0x4A, 0x3F, 0xFF}, {0x95, 0x28, 0x2C, 0xFF}},
	"403": {{0x2E, 0x87, 0x55, 0xFF}, {0x15, 0x57, 0x3E, 0xFF}},
}

func brand(code string) (from, to color.RGBA) {
	if b, ok := brands[code]; ok {
		return b[0], b[1]
	}
	return color.RGBA{0x5B, 0x67, 0x7E, 0xFF}, color.RGBA{0x33, 0x3C, 0x50, 0xFF}
}

func (BankCardFront) size() (w, h float64) { return pictureW, pictureH }
func (p BankCardFront) variant() string    { return p.Brand }

func (p BankCardFront) background(c *canvas) {
	from, to := brand(p.Brand)
	c.card(from, to)
	light := c.blank()
	copy(light.img.Pix, c.img.Pix)
	light.ellipse(1000, 90, 430, 430, color.NRGBA{0xFF, 0xFF, 0xFF, 0x12})
	light.ellipse(1080, 160, 300, 300, color.NRGBA{0xFF, 0xFF, 0xFF, 0x14})
	light.ellipse(180, 800, 420, 300, color.NRGBA{0x00, 0x00, 0x00, 0x16})
	c.through(light, func(o *outline) { c.roundPath(o, cardX, cardY, cardW, cardH, cardR) })

	// The chip is a plain plate with a few lines.
	gold, line := color.RGBA{0xD9, 0xBC, 0x7C, 0xFF}, color.NRGBA{0x6B, 0x55, 0x24, 0xB0}
	c.roundRect(118, 258, 136, 104, 16, gold)
	for _, y := range []float64{292, 326} {
		c.rect(118, y, 44, 3, line)
		c.rect(210, y, 44, 3, line)
	}
	c.rect(160, 258, 3, 104, line)
	c.rect(209, 258, 3, 104, line)
	for i := range 3 {
		c.ring(334, 310, 18+float64(i)*13, 4, color.NRGBA{0xFF, 0xFF, 0xFF, 0x70})
	}
	c.placeholder(150, 140, 46, white, "")
	c.textRight(1082, 132, style{size: 32, weight: bold, col: white, tracking: 3}, "借记卡")
	c.textRight(1082, 168, style{size: 19, col: white, tracking: 2}, "DEBIT · SPECIMEN")
	c.textRight(1082, 668, style{size: 34, weight: bold, col: white, tracking: 2}, "样本卡")
	c.text(118, 668, style{size: 19, col: color.NRGBA{0xFF, 0xFF, 0xFF, 0xD0}, tracking: 1}, "样本 SPECIMEN · 非真实银行卡 · 仅供测试")
}

func (p BankCardFront) draw(c *canvas) {
	c.text(218, 155, style{size: 44, col: white, tracking: 3}, p.Bank)
	number := group(p.Number, 4)
	st := style{size: 68, col: white, tracking: 4}
	for c.width(st, number) > 960 {
		st.size--
	}
	c.text(120, 506, style{size: st.size, col: color.NRGBA{0, 0, 0, 0x60}, tracking: st.tracking}, number)
	c.text(118, 503, st, number)
}

// BankCardBack is the side of a debit card with the holder. The card's
// verification number is covered with tape unless CVN is set, which is a
// fault: the platform must never keep it.
type BankCardBack struct {
	Bank   string
	Brand  string
	Holder string
	CVN    string // three digits shown uncovered; "" is covered
}

func (BankCardBack) size() (w, h float64) { return pictureW, pictureH }
func (p BankCardBack) variant() string    { return p.Brand }

func (p BankCardBack) background(c *canvas) {
	from, to := brand(p.Brand)
	c.card(mix(from, white, 0.82), mix(to, white, 0.74))
	c.rect(cardX, 104, cardW, 118, color.RGBA{0x2A, 0x2A, 0x2E, 0xFF})
	c.rect(104, 286, 720, 92, color.RGBA{0xFA, 0xFA, 0xF7, 0xFF})
	for i := range 9 {
		c.rect(104, 292+float64(i)*10, 720, 2, color.NRGBA{0x9A, 0xA5, 0xB8, 0x50})
	}
	c.rect(846, 286, 146, 92, white)
	c.text(104, 272, style{size: 20, col: muted}, "签名 AUTHORISED SIGNATURE")
	c.text(846, 272, style{size: 20, col: muted}, "CVN")
	c.text(104, 470, style{size: 26, col: muted}, "持卡人 CARDHOLDER")
	c.textWrap(104, 592, 900, 34, style{size: 21, col: muted},
		"本卡为系统演示所用样本，不能用于任何交易，不属于任何银行或个人。This card is a drawn specimen. It belongs to no bank and no person and cannot be used to pay.")
}

func (p BankCardBack) draw(c *canvas) {
	c.text(104, 524, style{size: 44, col: ink, tracking: 4}, p.Holder)
	c.text(130, 350, style{size: 46, col: color.RGBA{0x2B, 0x3E, 0x70, 0xFF}, tracking: 6, angle: 3}, p.Holder)
	c.textRight(1092, 524, style{size: 30, col: muted}, p.Bank)
	if p.CVN != "" {
		c.text(872, 350, style{size: 46, col: ink, tracking: 5}, p.CVN)
		return
	}
	// A strip of paper tape, a little askew.
	c.polygon(color.RGBA{0xE4, 0xD3, 0xA1, 0xFF}, point{834, 284}, point{1008, 276}, point{1012, 384}, point{838, 392})
	c.polygon(color.NRGBA{0xFF, 0xFF, 0xFF, 0x50}, point{834, 284}, point{1008, 276}, point{1009, 296}, point{835, 304})
	c.text(866, 348, style{size: 27, col: color.RGBA{0x7A, 0x66, 0x33, 0xFF}, angle: 3}, "已遮盖")
}

// group writes a number in blocks of n, as cards and licences print it.
func group(s string, n int) string {
	var b strings.Builder
	for i, r := range []rune(s) {
		if i > 0 && i%n == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
