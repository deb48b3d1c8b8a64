package specimen

import "image/color"

// Screenshots are of a browser window.
const (
	screenW, screenH = 1440.0, 960.0
	barH             = 86.0
)

var page = color.RGBA{0xF7, 0xF8, 0xFA, 0xFF}

func (c *canvas) browser() {
	c.rect(0, 0, screenW, screenH, page)
	c.rect(0, 0, screenW, barH, color.RGBA{0xE4, 0xE7, 0xEB, 0xFF})
	for i, col := range []color.RGBA{{0xE0, 0x6C, 0x60, 0xFF}, {0xE3, 0xB3, 0x4F, 0xFF}, {0x6D, 0xB3, 0x6B, 0xFF}} {
		c.ellipse(36+float64(i)*30, barH/2, 9, 9, col)
	}
	c.roundRect(150, 20, screenW-220, 46, 23, white)
}

func (c *canvas) address(s string) {
	c.text(182, 52, style{size: 22, col: color.RGBA{0x3C, 0x46, 0x54, 0xFF}}, s)
}

// Product is one thing that a site sells.
type Product struct {
	Name  string
	Price string // such as ¥128.00
}

// SiteScreenshot is the home page of a merchant's site, with the footer that
// the review compares with the registration.
type SiteScreenshot struct {
	URL      string
	Title    string
	Slogan   string
	Products [4]Product
	// Footer
	Company string
	Phone   string
	Address string
	ICP     string
	Accent  uint8 // chooses the colours

	Unreachable bool // the browser's error page instead
	Broken      bool // pictures that did not load
	NoCart      bool // nothing can be bought
	NoTerms     bool // no terms, privacy or refund texts
}

var accents = []color.RGBA{
	{0x2F, 0x6F, 0x5E, 0xFF}, {0x9A, 0x4B, 0x3C, 0xFF}, {0x35, 0x5C, 0x8C, 0xFF},
	{0x7A, 0x5A, 0x8C, 0xFF}, {0xA8, 0x76, 0x2E, 0xFF}, {0x3D, 0x3F, 0x58, 0xFF},
}

func (SiteScreenshot) size() (w, h float64) { return screenW, screenH }
func (SiteScreenshot) variant() string      { return "" }
func (SiteScreenshot) background(c *canvas) { c.browser() }

func (p SiteScreenshot) draw(c *canvas) {
	c.address(p.URL)
	if p.Unreachable {
		c.ring(screenW/2, 360, 70, 8, muted)
		c.rect(screenW/2-5, 322, 10, 52, muted)
		c.ellipse(screenW/2, 396, 7, 7, muted)
		c.textCentre(screenW/2, 510, style{size: 40, col: ink}, "无法访问此网站")
		c.textCentre(screenW/2, 566, style{size: 24, col: muted}, "连接已超时：服务器长时间没有响应")
		c.textCentre(screenW/2, 612, style{size: 22, col: muted}, "ERR_CONNECTION_TIMED_OUT")
		return
	}
	accent := accents[int(p.Accent)%len(accents)]
	c.rect(0, barH, screenW, 84, white)
	c.roundRect(80, barH+22, 40, 40, 10, accent)
	c.text(136, barH+54, style{size: 30, col: ink}, p.Title)
	nav := style{size: 21, col: color.RGBA{0x45, 0x4D, 0x59, 0xFF}}
	x := 836.0
	for _, s := range []string{"首页", "商品分类", "关于我们", "联系客服"} {
		x = c.text(x, barH+52, nav, s) + 44
	}
	c.roundRect(1326, barH+24, 88, 38, 19, accent)
	c.text(1346, barH+51, style{size: 20, weight: bold, col: white}, "登录")

	c.rect(0, 170, screenW, 250, mix(accent, white, 0.86))
	hero := c.window(0, 170, screenW, 250)
	hero.ellipse(1180, 330, 230, 230, mix(accent, white, 0.72))
	hero.ellipse(1010, 400, 120, 120, mix(accent, white, 0.62))
	hero.roundRect(1130, 240, 150, 190, 20, mix(accent, white, 0.35))
	c.text(80, 278, style{size: 46, col: ink, tracking: 2}, p.Slogan)
	c.text(80, 328, style{size: 23, col: muted}, "正品保障 · 七天无理由退货 · 全国包邮")
	if !p.NoCart {
		c.roundRect(80, 356, 150, 44, 22, accent)
		c.text(112, 386, style{size: 21, weight: bold, col: white}, "立即购买")
	}

	for i := range p.Products {
		p.shelf(c, i, 80+float64(i)*328)
	}

	c.rect(0, 800, screenW, screenH-800, color.RGBA{0x2C, 0x31, 0x3A, 0xFF})
	foot := style{size: 20, col: color.RGBA{0xC9, 0xCF, 0xD8, 0xFF}}
	c.textCentre(screenW/2, 846, foot, p.Company+"　客服电话："+p.Phone)
	c.textCentre(screenW/2, 882, foot, "地址："+p.Address)
	last := p.ICP
	if !p.NoTerms {
		last += "　用户协议　隐私政策　退换货说明"
	}
	c.textCentre(screenW/2, 918, foot, last)
}

// shelf draws one product.
func (p SiteScreenshot) shelf(c *canvas, i int, x float64) {
	own := accents[(int(p.Accent)+i)%len(accents)]
	accent, tint, deep := accents[int(p.Accent)%len(accents)], mix(own, white, 0.8), mix(own, white, 0.45)
	c.roundRect(x, 452, 296, 316, 14, white)
	switch {
	case p.Broken:
		grey := color.RGBA{0xB4, 0xBA, 0xC4, 0xFF}
		c.frame(x+14, 466, 268, 196, 2, grey)
		c.frame(x+30, 482, 34, 28, 2, grey)
		c.polygon(grey, point{x + 34, 506}, point{x + 46, 490}, point{x + 60, 506})
		c.text(x+74, 504, style{size: 18, col: muted}, "图片加载失败")
	case p.Products[i].Price == "": // nothing on this shelf yet
		c.roundRect(x+14, 466, 268, 196, 10, page)
	default:
		c.roundRect(x+14, 466, 268, 196, 10, tint)
		switch i {
		case 0:
			c.roundRect(x+104, 512, 88, 112, 18, deep)
		case 1:
			c.ellipse(x+148, 566, 58, 58, deep)
		case 2:
			c.polygon(deep, point{x + 148, 508}, point{x + 214, 624}, point{x + 82, 624})
		default:
			c.roundRect(x+82, 536, 132, 72, 36, deep)
		}
	}
	c.text(x+18, 700, style{size: 23, col: ink}, p.Products[i].Name)
	c.text(x+18, 744, style{size: 27, weight: bold, col: color.RGBA{0xC0, 0x4A, 0x35, 0xFF}}, p.Products[i].Price)
	if !p.NoCart && p.Products[i].Price != "" {
		c.roundRect(x+186, 718, 96, 36, 18, mix(accent, white, 0.85))
		c.text(x+200, 743, style{size: 17, col: accent}, "加购物车")
	}
}

// ICPScreenshot is the answer of a filing look-up. An empty Number means that
// nothing was found.
type ICPScreenshot struct {
	Domain   string
	Subject  string // who filed
	Nature   string // 个人 or 企业
	Number   string
	SiteName string
	Approved string // YYYY-MM-DD
}

func (ICPScreenshot) size() (w, h float64) { return screenW, screenH }
func (ICPScreenshot) variant() string      { return "" }

func (ICPScreenshot) background(c *canvas) {
	c.browser()
	blue := color.RGBA{0x2E, 0x62, 0xA6, 0xFF}
	c.rect(0, barH, screenW, 110, blue)
	c.placeholder(120, barH+55, 36, white, "")
	c.text(178, barH+70, style{size: 40, weight: bold, col: white, tracking: 3}, "网站备案查询系统（样本）")
	c.roundRect(120, 250, 1200, 590, 14, white)
	c.text(120, 905, style{size: 20, col: muted}, "样本 SPECIMEN · 本页为绘制的示意图，不是任何政府网站的内容")
}

func (p ICPScreenshot) draw(c *canvas) {
	c.address("https://icp.specimen.example/query?domain=" + p.Domain)
	c.text(170, 330, style{size: 32, weight: bold, col: ink}, "查询结果："+p.Domain)
	if p.Number == "" {
		c.textCentre(screenW/2, 560, style{size: 34, col: muted}, "没有符合条件的备案记录")
		return
	}
	y := 390.0
	for i, r := range []row{
		{"主办单位名称", p.Subject}, {"主办单位性质", p.Nature}, {"备案许可证号", p.Number},
		{"网站名称", p.SiteName}, {"网站域名", p.Domain}, {"审核通过日期", longDate(p.Approved)},
	} {
		if i%2 == 0 {
			c.rect(150, y, 1140, 66, color.RGBA{0xF1, 0xF5, 0xFA, 0xFF})
		}
		c.text(180, y+44, style{size: 26, col: muted}, r.label)
		c.text(480, y+44, style{size: 28, col: ink}, r.value)
		y += 66
	}
}
