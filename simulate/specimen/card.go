package specimen

import (
	"image/color"
	"math"
	"strings"
)

// Cards are ID-1 cards (ISO/IEC 7810: 85.6 × 54 mm) that lie on a desk with
// all four corners in the picture.
const (
	pictureW, pictureH = 1180.0, 760.0
	cardX, cardY       = 44.0, 36.0
	cardW, cardH       = 1092.0, 688.0
	cardR              = 38.0
)

var (
	ink   = color.RGBA{0x20, 0x24, 0x2B, 0xFF}
	muted = color.RGBA{0x6B, 0x74, 0x82, 0xFF}
	white = color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
)

// card paints the desk, a soft shadow and the card itself, whose colour runs
// from one corner to the opposite one.
func (c *canvas) card(from, to color.RGBA) {
	c.gradient(color.RGBA{0xEC, 0xEA, 0xE6, 0xFF}, color.RGBA{0xD9, 0xD7, 0xD1, 0xFF})
	for i := 10.0; i > 0; i-- {
		c.roundRect(cardX-i+2, cardY-i+7, cardW+2*i-4, cardH+2*i-6, cardR+i, color.NRGBA{0x30, 0x2C, 0x26, 0x07})
	}
	face := c.blank()
	face.gradient(from, to)
	c.through(face, func(o *outline) { c.roundPath(o, cardX, cardY, cardW, cardH, cardR) })
}

// dots is the placeholder for security printing: a plain grid that no one can
// take for a guilloche.
func (c *canvas) dots(x, y, w, h, step float64, col color.Color) {
	for row, py := 0, y; py < y+h; row, py = row+1, py+step {
		for px := x + float64(row%2)*step/2; px < x+w; px += step {
			c.ellipse(px, py, 2.2, 2.2, col)
		}
	}
}

// placeholder stands where the real paper has an emblem or a seal: a ring with
// a word in it.
func (c *canvas) placeholder(cx, cy, r float64, col color.Color, word string) {
	c.ring(cx, cy, r, r*0.045, col)
	c.ring(cx, cy, r*0.86, r*0.02, col)
	for i := range 12 {
		s, k := math.Sincos(float64(i) * math.Pi / 6)
		c.ellipse(cx+r*0.74*k, cy+r*0.74*s, r*0.035, r*0.035, col)
	}
	size := r * 0.34
	if n := len([]rune(word)); n > 2 {
		size = r * 0.9 / float64(n)
	}
	c.textCentre(cx, cy+size*0.36, style{size: size, weight: bold, col: col}, word)
}

// IDFront is the portrait side of a resident ID card.
type IDFront struct {
	Name      string
	Sex       string // 男 or 女
	Ethnicity string // without 族, such as 汉
	Birth     string // YYYY-MM-DD
	Address   string
	Number    string // 18 characters
}

func (IDFront) size() (w, h float64) { return pictureW, pictureH }
func (IDFront) variant() string      { return "" }

func (IDFront) background(c *canvas) {
	c.card(color.RGBA{0xF4, 0xF8, 0xFB, 0xFF}, color.RGBA{0xE3, 0xEC, 0xF4, 0xFF})
	c.dots(cardX+40, cardY+40, cardW-80, cardH-80, 44, color.NRGBA{0x7C, 0x9C, 0xBC, 0x26})
	label := style{size: 31, col: color.RGBA{0x3E, 0x7C, 0xB1, 0xFF}}
	for _, l := range []struct {
		x, y float64
		s    string
	}{
		{110, 150, "姓名"}, {110, 226, "性别"}, {330, 226, "民族"}, {110, 302, "出生"},
		{336, 302, "年"}, {444, 302, "月"}, {552, 302, "日"}, {110, 378, "住址"},
		{110, 640, "公民身份号码"},
	} {
		c.text(l.x, l.y, label, l.s)
	}
	c.text(cardX+40, cardY+cardH-20, style{size: 17, col: muted}, "样本 SPECIMEN · 非真实证件 · 仅供测试")
}

func (p IDFront) draw(c *canvas) {
	value := style{size: 37, col: ink}
	c.text(202, 151, style{size: 42, col: ink, tracking: 4}, p.Name)
	c.text(202, 227, value, p.Sex)
	c.text(420, 227, value, p.Ethnicity)
	if y, m, d, ok := splitDate(p.Birth); ok {
		c.textRight(328, 303, value, y)
		c.textRight(436, 303, value, m)
		c.textRight(544, 303, value, d)
	}
	c.textWrap(202, 379, 500, 54, value, p.Address)
	c.text(360, 642, style{size: 47, weight: bold, col: ink, tracking: 8.5}, p.Number)
	c.portrait(768, 112, 300, 400, p.Name, p.Sex)
}

// portrait draws a faceless bust. The name chooses among a few hair and
// clothing colours, so that the merchants of a demonstration differ.
func (c *canvas) portrait(x, y, w, h float64, name, sex string) {
	seed := 0
	for _, r := range name {
		seed = seed*31 + int(r)
	}
	pick := func(cols []color.RGBA, salt int) color.RGBA { return cols[(seed/salt)%len(cols)] }
	hair := pick([]color.RGBA{{0x2B, 0x2A, 0x2E, 0xFF}, {0x3A, 0x32, 0x2D, 0xFF}, {0x4A, 0x4A, 0x50, 0xFF}}, 1)
	cloth := pick([]color.RGBA{{0x47, 0x5B, 0x78, 0xFF}, {0x6E, 0x5A, 0x6B, 0xFF}, {0x4F, 0x6B, 0x62, 0xFF}, {0x39, 0x42, 0x52, 0xFF}}, 3)
	skin := color.RGBA{0xD8, 0xBE, 0xA8, 0xFF}
	neck := color.RGBA{0xC6, 0xAA, 0x93, 0xFF}

	photo := c.window(x, y, w, h)
	photo.rect(x, y, w, h, color.RGBA{0xF9, 0xFB, 0xFC, 0xFF})
	cx, head := x+w/2, y+h*0.38
	woman := sex == "女"
	if woman {
		photo.roundRect(cx-w*0.27, head-h*0.17, w*0.54, h*0.43, w*0.22, hair)
	}
	photo.roundRect(cx-w*0.1, head+h*0.1, w*0.2, h*0.2, w*0.07, neck)
	photo.ellipse(cx, y+h*1.02, w*0.46, h*0.33, cloth)
	photo.polygon(white, point{cx - w*0.125, y + h*0.705}, point{cx + w*0.125, y + h*0.705}, point{cx, y + h*0.86})
	photo.polygon(neck, point{cx - w*0.095, y + h*0.69}, point{cx + w*0.095, y + h*0.69}, point{cx, y + h*0.79})
	photo.ellipse(cx, head-h*0.045, w*0.215, h*0.185, hair)
	photo.ellipse(cx, head+h*0.02, w*0.19, h*0.185, skin)
	fringe := 0.085
	if woman {
		fringe = 0.105
	}
	photo.roundRect(cx-w*0.185, head-h*0.19, w*0.37, h*fringe+h*0.03, w*0.13, hair)
}

// IDBack is the side of a resident ID card with the issuing authority.
type IDBack struct {
	Authority string
	ValidFrom string // YYYY-MM-DD
	ValidTo   string // YYYY-MM-DD or "long-term"
}

func (IDBack) size() (w, h float64) { return pictureW, pictureH }
func (IDBack) variant() string      { return "" }

func (IDBack) background(c *canvas) {
	c.card(color.RGBA{0xF5, 0xF8, 0xF6, 0xFF}, color.RGBA{0xE2, 0xED, 0xEC, 0xFF})
	c.dots(cardX+40, cardY+40, cardW-80, cardH-80, 44, color.NRGBA{0x6C, 0x9C, 0x94, 0x26})
	c.placeholder(200, 208, 92, color.RGBA{0x8A, 0x95, 0x9C, 0xFF}, "徽标占位")
	c.textCentre(690, 186, style{size: 50, weight: bold, col: ink, tracking: 14}, "样本证件")
	c.textCentre(690, 290, style{size: 78, weight: bold, col: ink, tracking: 22}, "居民身份证")
	label := style{size: 32, weight: bold, col: ink, tracking: 2}
	c.textRight(456, 560, label, "签发机关")
	c.textRight(456, 636, label, "有效期限")
	c.text(cardX+40, cardY+cardH-20, style{size: 17, col: muted}, "样本 SPECIMEN · 非真实证件 · 仅供测试")
}

func (p IDBack) draw(c *canvas) {
	value := style{size: 35, col: ink, tracking: 1}
	c.text(490, 561, value, p.Authority)
	c.text(490, 637, value, cardDate(p.ValidFrom)+" - "+cardDate(p.ValidTo))
}

// cardDate writes a date as ID cards do.
func cardDate(iso string) string {
	if iso == "long-term" {
		return "长期"
	}
	return strings.ReplaceAll(iso, "-", ".")
}

// splitDate answers year, month and day without leading zeros.
func splitDate(iso string) (y, m, d string, ok bool) {
	parts := strings.Split(iso, "-")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], strings.TrimPrefix(parts[1], "0"), strings.TrimPrefix(parts[2], "0"), true
}

// longDate writes 2021-03-09 as 2021年3月9日; what is no date stays as it is.
func longDate(iso string) string {
	if iso == "long-term" {
		return "长期"
	}
	if y, m, d, ok := splitDate(iso); ok {
		return y + "年" + m + "月" + d + "日"
	}
	return iso
}
