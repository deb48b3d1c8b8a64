package specimen

import "image/color"

// Certificates lie on their side, as the paper ones do.
const (
	certificateW, certificateH = 1500.0, 1060.0
	letterW, letterH           = 1060.0, 1500.0
)

var (
	paperTop    = color.RGBA{0xFD, 0xFB, 0xF5, 0xFF}
	paperBottom = color.RGBA{0xF6, 0xF1, 0xE4, 0xFF}
	seal        = color.NRGBA{0xB8, 0x4A, 0x4A, 0xA8}
)

// sheet is a certificate's paper: a double frame in one colour, a placeholder
// for the emblem, a title.
func (c *canvas) sheet(line color.RGBA, title, subtitle string) {
	c.gradient(paperTop, paperBottom)
	c.frame(34, 34, certificateW-68, certificateH-68, 10, line)
	c.frame(52, 52, certificateW-104, certificateH-104, 2, line)
	for _, x := range []float64{70, certificateW - 118} {
		for _, y := range []float64{70, certificateH - 118} {
			c.frame(x, y, 48, 48, 2, line)
			c.frame(x+12, y+12, 24, 24, 2, line)
		}
	}
	c.placeholder(certificateW/2, 140, 54, mix(line, white, 0.25), "徽标")
	c.textCentre(certificateW/2, 278, style{size: 66, weight: bold, col: ink, tracking: 26}, title)
	c.textCentre(certificateW/2, 322, style{size: 24, col: muted, tracking: 6}, subtitle)
	c.text(140, certificateH-74, style{size: 18, col: muted}, "样本 SPECIMEN · 非真实证件 · 仅供测试")
}

// row is one line of a certificate: a label and what is filled in.
type row struct{ label, value string }

// rows writes labels and values in a column and answers the next baseline.
func (c *canvas) rows(x, y, labelWidth, valueWidth, size, leading float64, rows []row) float64 {
	for _, r := range rows {
		c.text(x, y, style{size: size, weight: bold, col: color.RGBA{0x5A, 0x52, 0x45, 0xFF}}, r.label)
		next := c.textWrap(x+labelWidth, y, valueWidth, size*1.45, style{size: size, col: ink}, r.value)
		y = max(next+leading-size*1.45, y+leading)
	}
	return y
}

// issued is the lower right corner: who issued it and when, under a placeholder
// for the seal.
func (c *canvas) issued(x, y float64, authority, date string) {
	st := style{size: 28, col: ink, tracking: 2}
	x = min(x, certificateW-130-c.width(st, authority)/2) // long names stay inside the frame
	c.textCentre(x, y, st, authority)
	c.textCentre(x, y+52, st, longDate(date))
	// The word falls between the two lines.
	c.placeholder(x+60, y+14, 84, seal, "样本章")
}

// BusinessLicence is the licence of an enterprise. A number of 18 characters is
// a unified social credit code, one of 15 the registration number of before.
type BusinessLicence struct {
	Number      string
	Name        string
	Type        string // such as 有限责任公司
	LegalPerson string
	Capital     string
	Founded     string // YYYY-MM-DD
	ValidTo     string // YYYY-MM-DD or "long-term"
	Address     string
	Scope       string
	Authority   string
	Issued      string // YYYY-MM-DD
}

func (BusinessLicence) size() (w, h float64) { return certificateW, certificateH }
func (BusinessLicence) variant() string      { return "" }
func (BusinessLicence) background(c *canvas) {
	c.sheet(color.RGBA{0xA8, 0x87, 0x4B, 0xFF}, "营业执照", "（副本）样本")
}

func (p BusinessLicence) draw(c *canvas) {
	label := "统一社会信用代码"
	if len(p.Number) == 15 {
		label = "注册号"
	}
	c.text(140, 378, style{size: 26, weight: bold, col: ink}, label)
	c.text(140, 420, style{size: 34, weight: bold, col: ink, tracking: 3}, p.Number)
	c.rows(140, 494, 150, 520, 27, 64, []row{
		{"名称", p.Name}, {"类型", p.Type}, {"法定代表人", p.LegalPerson}, {"经营范围", p.Scope},
	})
	c.rows(850, 494, 150, 400, 27, 64, []row{
		{"注册资本", p.Capital}, {"成立日期", longDate(p.Founded)},
		{"经营期限", longDate(p.Founded) + "至" + longDate(p.ValidTo)}, {"住所", p.Address},
	})
	c.issued(1140, 890, p.Authority, p.Issued)
}

// TaxCertificate is the tax registration certificate of the time before the
// unified code.
type TaxCertificate struct {
	Number      string // 15 digits
	Name        string
	LegalPerson string
	Address     string
	Type        string
	Scope       string
	Authority   string
	Issued      string // YYYY-MM-DD
}

func (TaxCertificate) size() (w, h float64) { return certificateW, certificateH }
func (TaxCertificate) variant() string      { return "" }
func (TaxCertificate) background(c *canvas) {
	c.sheet(color.RGBA{0x5C, 0x86, 0x73, 0xFF}, "税务登记证", "（副本）样本")
}

func (p TaxCertificate) draw(c *canvas) {
	c.text(140, 400, style{size: 32, weight: bold, col: ink, tracking: 2}, "税登字 "+p.Number+" 号")
	c.rows(140, 474, 210, 1000, 28, 66, []row{
		{"纳税人名称", p.Name}, {"法定代表人", p.LegalPerson}, {"地址", p.Address},
		{"登记注册类型", p.Type}, {"经营范围", p.Scope},
	})
	c.issued(1140, 890, p.Authority, p.Issued)
}

// OrgCodeCertificate is the organisation code certificate of the time before
// the unified code.
type OrgCodeCertificate struct {
	Code        string // such as D2143569-X
	Name        string
	LegalPerson string
	Type        string
	Address     string
	ValidFrom   string // YYYY-MM-DD
	ValidTo     string // YYYY-MM-DD
	Authority   string
}

func (OrgCodeCertificate) size() (w, h float64) { return certificateW, certificateH }
func (OrgCodeCertificate) variant() string      { return "" }
func (OrgCodeCertificate) background(c *canvas) {
	c.sheet(color.RGBA{0x56, 0x77, 0xA3, 0xFF}, "组织机构代码证", "（副本）样本")
}

func (p OrgCodeCertificate) draw(c *canvas) {
	c.text(140, 400, style{size: 32, weight: bold, col: ink, tracking: 2}, "代码："+p.Code)
	c.rows(140, 474, 210, 1000, 28, 66, []row{
		{"机构名称", p.Name}, {"法定代表人", p.LegalPerson}, {"机构类型", p.Type},
		{"地址", p.Address}, {"有效期", "自" + longDate(p.ValidFrom) + "至" + longDate(p.ValidTo)},
	})
	c.issued(1140, 890, p.Authority, p.ValidFrom)
}

// AccountOpening is the licence for opening a basic account or, since 2019, the
// bank's statement of the basic deposit account's information.
type AccountOpening struct {
	Information bool // the statement that replaced the licence
	Approval    string
	Holder      string
	LegalPerson string
	Bank        string // the branch's full name
	Number      string
	Issued      string // YYYY-MM-DD
}

func (AccountOpening) size() (w, h float64) { return certificateW, certificateH }

func (p AccountOpening) variant() string {
	if p.Information {
		return "information"
	}
	return "licence"
}

func (p AccountOpening) background(c *canvas) {
	title := "开户许可证"
	if p.Information {
		title = "基本存款账户信息"
	}
	c.sheet(color.RGBA{0x8C, 0x5B, 0x78, 0xFF}, title, "样本")
}

func (p AccountOpening) draw(c *canvas) {
	label, by := "核准号", "人民银行分支机构（样本）"
	if p.Information {
		label, by = "基本存款账户编号", p.Bank
	}
	c.text(140, 400, style{size: 30, weight: bold, col: ink, tracking: 2}, label+"："+p.Approval)
	y := 482.0
	if !p.Information {
		y = c.textWrap(140, 472, 1220, 46, style{size: 28, col: ink}, "经审核，下列存款人符合开户条件，准予开立基本存款账户。") + 30
	}
	c.rows(140, y, 250, 960, 29, 72, []row{
		{"账户名称", p.Holder}, {"账户号码", group(p.Number, 4)}, {"开户银行", p.Bank}, {"法定代表人", p.LegalPerson},
	})
	c.issued(1120, 880, by, p.Issued)
}

// DomainCertificate is a registrar's certificate of who holds a domain.
type DomainCertificate struct {
	Domain     string
	Registrant string
	Registrar  string
	Registered string // YYYY-MM-DD
	Expires    string // YYYY-MM-DD
}

func (DomainCertificate) size() (w, h float64) { return certificateW, certificateH }
func (DomainCertificate) variant() string      { return "" }
func (DomainCertificate) background(c *canvas) {
	c.sheet(color.RGBA{0x4D, 0x7F, 0xA8, 0xFF}, "域名注册证书", "DOMAIN CERTIFICATE · 样本")
}

func (p DomainCertificate) draw(c *canvas) {
	c.textCentre(certificateW/2, 432, style{size: 54, weight: bold, col: color.RGBA{0x1F, 0x55, 0x86, 0xFF}, tracking: 1}, p.Domain)
	c.rows(260, 534, 250, 800, 30, 74, []row{
		{"域名持有者", p.Registrant}, {"注册服务机构", p.Registrar},
		{"注册日期", longDate(p.Registered)}, {"到期日期", longDate(p.Expires)},
	})
	c.issued(1120, 870, p.Registrar, p.Registered)
}

// Authorisation is a letter by which one party lets another act for it.
type Authorisation struct {
	Title         string // what it authorises, such as 业务联系人授权书
	Grantor       string
	GrantorNumber string // licence or ID number
	Grantee       string
	GranteeNumber string
	Matter        string // the sentence that says what is allowed
	LegalPerson   string // who signs: for a person, the person
	Date          string // YYYY-MM-DD
}

func (Authorisation) size() (w, h float64) { return letterW, letterH }
func (Authorisation) variant() string      { return "" }

func (Authorisation) background(c *canvas) {
	c.gradient(white, color.RGBA{0xFA, 0xF9, 0xF6, 0xFF})
	c.rect(110, 250, letterW-220, 2, color.RGBA{0xC9, 0xC4, 0xB8, 0xFF})
	c.text(110, letterH-80, style{size: 20, col: muted}, "样本 SPECIMEN · 非真实文件 · 仅供测试")
}

func (p Authorisation) draw(c *canvas) {
	c.textCentre(letterW/2, 204, style{size: 54, col: ink, tracking: 14}, p.Title)
	y := c.rows(110, 344, 190, 640, 29, 62, []row{
		{"授权方", p.Grantor}, {"证件号码", p.GrantorNumber}, {"被授权方", p.Grantee}, {"证件号码", p.GranteeNumber},
	})
	body := style{size: 30, col: ink, tracking: 1}
	y = c.textWrap(110, y+40, letterW-220, 58, body, "　　"+p.Matter)
	c.textWrap(110, y+16, letterW-220, 58, body, "　　授权期限自签署之日起至书面撤销之日止。由此产生的法律责任由授权方承担。")
	c.text(560, 1120, body, "授权方（盖章）：")
	c.text(560, 1190, body, "授权方签字：")
	c.text(776, 1194, style{size: 40, col: color.RGBA{0x2B, 0x3E, 0x70, 0xFF}, tracking: 4, angle: 3}, p.LegalPerson)
	c.text(560, 1260, body, "日期："+longDate(p.Date))
	c.placeholder(880, 1076, 92, seal, "样本章")
}
