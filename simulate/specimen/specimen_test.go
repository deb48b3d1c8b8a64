package specimen

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

var (
	idFront = IDFront{Name: "王子涵", Sex: "女", Ethnicity: "汉", Birth: "1991-05-09", Address: "浙江省杭州市西湖区文三路478号翠湖花园3幢1206室", Number: "330106199105090026"}
	licence = BusinessLicence{
		Number: "91350100M000100Y43", Name: "杭州云杉网络科技有限公司", Type: "有限责任公司（自然人投资或控股）", LegalPerson: "李建国",
		Capital: "人民币伍佰万元整", Founded: "2016-03-02", ValidTo: "long-term", Address: idFront.Address,
		Scope:     "网络技术开发、技术咨询、技术服务；网上销售：日用百货、服装鞋帽、文化用品、电子产品、家用电器；货物及技术进出口。",
		Authority: "杭州市西湖区市场监督管理局", Issued: "2019-08-08",
	}
	home = SiteScreenshot{
		URL: "https://www.yunshan1588.com.cn/", Title: "云杉茶舍", Slogan: "把一座山的清香带回家",
		Products: [4]Product{{"明前龙井 250克", "¥268.00"}, {"手工紫砂壶", "¥498.00"}, {"陶瓷茶杯四件套", "¥89.00"}, {"竹制茶盘", "¥158.00"}},
		Company:  licence.Name, Phone: "0571-88001234", Address: idFront.Address, ICP: "浙ICP备2021012345号-1", Accent: 2,
	}
)

// papers is one of every paper, with every variant that draws something else.
func papers() map[string]Paper {
	broken, empty, down := home, home, home
	broken.Broken, broken.NoTerms, broken.NoCart = true, true, true
	empty.Products = [4]Product{{Name: "敬请期待"}, {Name: "敬请期待"}, {Name: "敬请期待"}, {Name: "敬请期待"}}
	down.Unreachable = true
	old := licence
	old.Number = "110108000000016"
	return map[string]Paper{
		"id-front":        idFront,
		"id-back":         IDBack{Authority: "杭州市公安局西湖分局", ValidFrom: "2018-06-12", ValidTo: "2038-06-12"},
		"id-back-long":    IDBack{Authority: "上海市公安局浦东分局", ValidFrom: "2018-06-12", ValidTo: "long-term"},
		"bank-front":      BankCardFront{Bank: "中国工商银行", Brand: "102", Number: "6222021234567890123"},
		"bank-front-new":  BankCardFront{Bank: "样本银行", Brand: "999", Number: "6225881234567890"},
		"bank-back":       BankCardBack{Bank: "中国建设银行", Brand: "105", Holder: "王子涵"},
		"bank-back-cvn":   BankCardBack{Bank: "中国建设银行", Brand: "105", Holder: "王子涵", CVN: "739"},
		"licence":         licence,
		"licence-old":     old,
		"tax":             TaxCertificate{Number: "330106000000001", Name: licence.Name, LegalPerson: "李建国", Address: licence.Address, Type: licence.Type, Scope: licence.Scope, Authority: "杭州市税务局", Issued: "2014-05-05"},
		"org-code":        OrgCodeCertificate{Code: "D2143569-X", Name: licence.Name, LegalPerson: "李建国", Type: "企业法人", Address: licence.Address, ValidFrom: "2025-05-05", ValidTo: "2029-05-05", Authority: "杭州市质量技术监督局"},
		"account-licence": AccountOpening{Approval: "J3310012345601", Holder: licence.Name, LegalPerson: "李建国", Bank: "中国工商银行股份有限公司杭州西湖支行", Number: "1202021234567890123", Issued: "2017-05-06"},
		"account-info":    AccountOpening{Information: true, Approval: "J3310012345601", Holder: licence.Name, LegalPerson: "李建国", Bank: "中国工商银行股份有限公司杭州西湖支行", Number: "1202021234567890123", Issued: "2021-05-06"},
		"domain":          DomainCertificate{Domain: "yunshan1588.com.cn", Registrant: licence.Name, Registrar: "样本域名注册服务有限公司", Registered: "2018-05-06", Expires: "2028-05-06"},
		"authorisation": Authorisation{
			Title: "业务联系人授权书", Grantor: licence.Name, GrantorNumber: licence.Number, Grantee: "王子涵", GranteeNumber: idFront.Number,
			Matter:      "兹授权上述被授权方作为本公司的业务联系人，代表本公司办理支付账户的开通、资料的提交、补充与更正，以及与之相关的一切沟通事宜。",
			LegalPerson: "李建国", Date: "2026-10-11",
		},
		"site":        home,
		"site-broken": broken,
		"site-empty":  empty,
		"site-down":   down,
		"icp":         ICPScreenshot{Domain: "yunshan1588.com.cn", Subject: licence.Name, Nature: "企业", Number: "浙ICP备2021012345号-1", SiteName: "云杉茶舍", Approved: "2021-08-30"},
		"icp-none":    ICPScreenshot{Domain: "yunshan1588.com.cn"},
	}
}

// shared is one press for all tests, because backgrounds are slow to draw and
// kept by the press.
var shared = sync.OnceValues(NewPress)

func press(t testing.TB) *Press {
	t.Helper()
	p, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func file(t testing.TB, p *Press, d Document) File {
	t.Helper()
	f, err := p.Draw(d)
	if err != nil {
		t.Fatalf("%T: %v", d.Paper, err)
	}
	return f
}

// TestEveryPaperIsDrawnInEveryFormat also leaves the pictures in the folder that
// ALTA_SPECIMENS names, for people who want to look at them.
func TestEveryPaperIsDrawnInEveryFormat(t *testing.T) {
	p, dir := press(t), os.Getenv("ALTA_SPECIMENS")
	for name, paper := range papers() {
		if w, h := paper.size(); w < 1000 || h < 630 {
			t.Errorf("%s at full size is %v × %v", name, w, h)
		}
		for _, e := range []Encoding{JPEG, PNG, PDF} {
			f := file(t, p, Document{paper, Look{Encoding: e, Small: dir == ""}})
			if f.MediaType != e.MediaType() {
				t.Errorf("%s as %s: %s", name, e, f.MediaType)
			}
			if dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+f.Extension), f.Bytes, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if e == PDF {
				continue
			}
			img, format, err := image.Decode(bytes.NewReader(f.Bytes))
			if err != nil || format != string(e) || img.Bounds().Dx() != f.Width || img.Bounds().Dy() != f.Height {
				t.Errorf("%s as %s: %s %v: %v", name, e, format, img.Bounds(), err)
			}
		}
	}
}

func TestCardsAreDrawnLargeEnoughToRead(t *testing.T) {
	for _, paper := range []Paper{idFront, papers()["bank-back"]} {
		f := file(t, press(t), Document{Paper: paper})
		c, err := jpeg.DecodeConfig(bytes.NewReader(f.Bytes))
		if err != nil || c.Width != f.Width || c.Height != f.Height || c.Width < 1000 || c.Height < 630 {
			t.Errorf("%T: %+v, %v", paper, c, err)
		}
	}
}

func TestTheSameDocumentGivesTheSameBytes(t *testing.T) {
	one := press(t)
	two, err := NewPress()
	if err != nil {
		t.Fatal(err)
	}
	for name, paper := range papers() {
		d := Document{paper, Look{Small: true}}
		first := file(t, one, d).Bytes
		if !bytes.Equal(first, file(t, two, d).Bytes) {
			t.Errorf("%s is drawn in two ways", name)
		}
		if !bytes.Equal(first, file(t, one, d).Bytes) {
			t.Errorf("%s: the second print differs from the first", name)
		}
	}
	d := Document{idFront, Look{Small: true, Rotate: 3, Blur: 2, Grey: true, Crop: 0.1}}
	if !bytes.Equal(file(t, one, d).Bytes, file(t, two, d).Bytes) {
		t.Error("a bad picture is taken in two ways")
	}
}

func TestManyCanDrawAtOnce(t *testing.T) {
	p, err := NewPress() // with nothing kept yet
	if err != nil {
		t.Fatal(err)
	}
	want := file(t, press(t), Document{idFront, Look{Small: true}}).Bytes
	got := make(chan []byte)
	for range 8 {
		go func() {
			f, err := p.Draw(Document{idFront, Look{Small: true}})
			if err != nil {
				f.Bytes = nil
			}
			got <- f.Bytes
		}()
	}
	for range 8 {
		if !bytes.Equal(<-got, want) {
			t.Fatal("a concurrent drawing differs")
		}
	}
}

func TestEveryDocumentIsMarkedAllOver(t *testing.T) {
	p := press(t)
	for name, paper := range papers() {
		mark := p.mark(paper, 0.5)
		b := mark.Bounds()
		// In each ninth of the sheet there is a part of the words.
		for i := range 9 {
			cell := image.Rect(b.Dx()*(i%3)/3, b.Dy()*(i/3)/3, b.Dx()*(i%3+1)/3, b.Dy()*(i/3+1)/3)
			painted := 0
			for y := cell.Min.Y; y < cell.Max.Y; y++ {
				for x := cell.Min.X; x < cell.Max.X; x++ {
					if mark.RGBAAt(x, y).A > 0 {
						painted++
					}
				}
			}
			if share := float64(painted) / float64(cell.Dx()*cell.Dy()); share < 0.03 {
				t.Errorf("%s: ninth %d has %.1f %% of the mark", name, i, 100*share)
			}
		}
	}
}

func TestTheMarkIsInThePictureItself(t *testing.T) {
	p := press(t)
	img, err := p.Picture(Document{Paper: idFront})
	if err != nil {
		t.Fatal(err)
	}
	mark, base := p.mark(idFront, 1), p.base(idFront, 1)
	changed, painted := 0, 0
	for i := 0; i < len(mark.Pix); i += 4 {
		if mark.Pix[i+3] > 40 {
			painted++
			if !bytes.Equal(img.Pix[i:i+3], base.Pix[i:i+3]) {
				changed++
			}
		}
	}
	if painted == 0 || changed < painted*99/100 {
		t.Fatalf("%d of %d pixels of the mark are in the picture", changed, painted)
	}
}

// sharpness is the variance of the Laplacian, by which the platform's own check
// suspects blur.
func sharpness(img image.Image) float64 {
	b := img.Bounds()
	grey := func(x, y int) float64 {
		r, g, bl, _ := img.At(x, y).RGBA()
		return (0.299*float64(r) + 0.587*float64(g) + 0.114*float64(bl)) / 257
	}
	var sum, squares, n float64
	for y := b.Min.Y + 1; y < b.Max.Y-1; y += 2 {
		for x := b.Min.X + 1; x < b.Max.X-1; x += 2 {
			l := grey(x-1, y) + grey(x+1, y) + grey(x, y-1) + grey(x, y+1) - 4*grey(x, y)
			sum, squares, n = sum+l, squares+l*l, n+1
		}
	}
	return squares/n - (sum/n)*(sum/n)
}

func TestALookDoesWhatItSays(t *testing.T) {
	p := press(t)
	picture := func(l Look) *image.RGBA {
		img, err := p.Picture(Document{idFront, l})
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	plain := picture(Look{})
	if blurred := sharpness(picture(Look{Blur: 8})); blurred*20 > sharpness(plain) {
		t.Errorf("blurred: %.1f against %.1f", blurred, sharpness(plain))
	}
	if b := picture(Look{Crop: 0.25}).Bounds(); b.Dx() != 885 || b.Dy() != 570 {
		t.Errorf("cropped: %v", b)
	}
	if b := picture(Look{LowResolution: true}).Bounds(); b.Dx() != 360 {
		t.Errorf("low resolution: %v", b)
	}
	if b := picture(Look{Small: true}).Bounds(); b.Dx() != 590 || b.Dy() != 380 {
		t.Errorf("small: %v", b)
	}
	if b := picture(Look{Rotate: 90}).Bounds(); b.Dx() != 760 || b.Dy() != 1180 {
		t.Errorf("turned: %v", b)
	}
	img := picture(Look{Grey: true})
	for i := 0; i < len(img.Pix); i += 4 {
		if img.Pix[i] != img.Pix[i+1] || img.Pix[i] != img.Pix[i+2] {
			t.Fatal("grey has a colour")
		}
	}
}

func TestWhatCannotBeDrawnIsNamed(t *testing.T) {
	p := press(t)
	for field, d := range map[string]Document{
		"Paper":         {},
		"Look.Crop":     {idFront, Look{Crop: 0.9}},
		"Look.Blur":     {idFront, Look{Blur: -1}},
		"Look.Rotate":   {idFront, Look{Rotate: math.NaN()}},
		"Look.Encoding": {idFront, Look{Encoding: "webp"}},
	} {
		_, err := p.Draw(d)
		var look *LookError
		if !errors.As(err, &look) || look.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	rare := idFront
	rare.Name = "王𠮷"
	_, err := p.Draw(Document{Paper: rare})
	var glyph *GlyphError
	if !errors.As(err, &glyph) || string(glyph.Runes) != "𠮷" {
		t.Errorf("a name without a glyph: %v", err)
	}
}

func TestHeadingsAreBoldThroughout(t *testing.T) {
	p := press(t)
	for name, paper := range papers() {
		w, h := paper.size()
		c := p.canvas(image.NewRGBA(image.Rect(0, 0, int(w/10), int(h/10))), 0.1)
		paper.background(c)
		paper.draw(c)
		if len(c.thin) > 0 {
			t.Errorf("%s: the bold subset lacks %q", name, string(c.thin))
		}
	}
}

func TestAPDFIsOnePageWithAWorkingCrossReferenceTable(t *testing.T) {
	f := file(t, press(t), Document{licence, Look{Encoding: PDF}})
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(f.Bytes)
	if start == nil {
		t.Fatal("no startxref")
	}
	at, _ := strconv.Atoi(string(start[1]))
	if !bytes.HasPrefix(f.Bytes[at:], []byte("xref\n0 7\n")) {
		t.Fatalf("at %d there is no xref", at)
	}
	entries := regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(f.Bytes[at:], -1)
	if len(entries) != 6 {
		t.Fatalf("%d entries", len(entries))
	}
	for i, e := range entries {
		offset, _ := strconv.Atoi(string(e[1]))
		if want := strconv.Itoa(i+1) + " 0 obj\n"; !bytes.HasPrefix(f.Bytes[offset:], []byte(want)) {
			t.Errorf("object %d is not at %d", i+1, offset)
		}
	}
	length := regexp.MustCompile(`/DCTDecode /Length (\d+) >>\nstream\n`).FindSubmatchIndex(f.Bytes)
	if length == nil {
		t.Fatal("no JPEG stream")
	}
	n, _ := strconv.Atoi(string(f.Bytes[length[2]:length[3]]))
	body := f.Bytes[length[1]:][:n]
	if c, err := jpeg.DecodeConfig(bytes.NewReader(body)); err != nil || c.Width != f.Width || c.Height != f.Height {
		t.Errorf("the stream: %+v, %v", c, err)
	}
	if !bytes.HasPrefix(f.Bytes[length[1]+n:], []byte("\nendstream")) {
		t.Error("the stream is longer or shorter than it says")
	}
}

func TestAForeignReaderShowsThePDF(t *testing.T) {
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Skip("pdftoppm is not installed: only the structure of the PDF was checked")
	}
	f := file(t, press(t), Document{idFront, Look{Encoding: PDF}})
	dir := t.TempDir()
	path := filepath.Join(dir, "id.pdf")
	if err := os.WriteFile(path, f.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-r", "150", "-png", "-singlefile", path, filepath.Join(dir, "page")).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "page.png"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || abs(c.Width-f.Width) > 1 || abs(c.Height-f.Height) > 1 {
		t.Fatalf("the page is %d × %d: %v", c.Width, c.Height, err)
	}
}

func abs(n int) int { return max(n, -n) }

func BenchmarkDraw(b *testing.B) {
	p := press(b)
	for name, d := range map[string]Document{
		"id-jpeg":        {idFront, Look{}},
		"id-png":         {idFront, Look{Encoding: PNG}},
		"id-small":       {idFront, Look{Small: true}},
		"id-blurred":     {idFront, Look{Blur: 8, Rotate: 4}},
		"bank-card":      {papers()["bank-front"], Look{}},
		"licence":        {licence, Look{}},
		"licence-small":  {licence, Look{Small: true}},
		"site":           {home, Look{}},
		"id-pdf":         {idFront, Look{Encoding: PDF}},
		"low-resolution": {idFront, Look{LowResolution: true}},
	} {
		b.Run(name, func(b *testing.B) {
			file(b, p, d)
			for b.Loop() {
				file(b, p, d)
			}
		})
	}
}
