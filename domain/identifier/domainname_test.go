package identifier_test

import (
	"testing"

	"alta/domain/identifier"
)

func TestDomain(t *testing.T) {
	ip := []string{"block domain-ip"}
	special := []string{"block domain-special-use"}
	form := []string{"block domain-form"}
	suffix := []string{"block domain-public-suffix"}
	judge(t, "domain", []ruling{
		{rule: "a Chinese name becomes an A-label", value: "网址之家.cn", canonical: "xn--9iq21t6wdw30c.cn"},
		{rule: "an A-label stays one", value: "xn--9iq21t6wdw30c.cn", canonical: "xn--9iq21t6wdw30c.cn"},
		{rule: "a Chinese top-level name", value: "商城.中国", canonical: "xn--czru2d.xn--fiqs8s"},
		{rule: "the ideographic full stop is a dot", value: "shop。com。cn", canonical: "shop.com.cn"},
		{rule: "case does not count", value: "WWW.Shop.COM", canonical: "shop.com"},
		{rule: "the filing is on the registrable domain", value: "https://www.mall.shop.com.cn/", canonical: "shop.com.cn"},
		{rule: "port, path, query and fragment are dropped", value: "http://shop.cn:8080/a/b?c=d#e", canonical: "shop.cn"},
		{rule: "an address typed in full width", value: "ｈｔｔｐｓ：／／ｓｈｏｐ．ｃｎ／", canonical: "shop.cn"},
		{rule: "a final dot is dropped", value: "shop.cn.", canonical: "shop.cn"},
		{rule: "spaces at the ends do not count", value: "  shop.cn\u3000", canonical: "shop.cn"},
		{rule: "a user name in the address is a warning", value: "https://user:secret@shop.cn/", found: []string{"warn domain-userinfo"}, canonical: "shop.cn"},
		{rule: "a user name cannot pose as the host", value: "https://shop.cn@evil.com/", found: []string{"warn domain-userinfo"}, canonical: "evil.com"},
		{rule: "a backslash ends the host as browsers see it", value: `https://shop.cn\@evil.com/`, canonical: "shop.cn"},
		{rule: "a character that maps to a slash cannot move the host's end", value: "https://evil.c℀.shop.cn/", found: form},
		{rule: "another scheme blocks", value: "ftp://shop.cn/", found: []string{"block domain-scheme"}},
		{rule: "an e-mail address blocks", value: "info@shop.cn", found: form},
		{rule: "an empty host blocks", value: "https:///path", found: form},
		{rule: "port 0 blocks", value: "shop.cn:0", found: []string{"block domain-port"}},
		{rule: "port 65536 blocks", value: "shop.cn:65536", found: []string{"block domain-port"}},
		{rule: "an IPv4 address blocks", value: "http://127.0.0.1/", found: ip},
		{rule: "an IPv4 address with a port blocks", value: "8.8.8.8:80", found: ip},
		{rule: "a decimal IPv4 address blocks", value: "2130706433", found: ip},
		{rule: "a hexadecimal IPv4 address blocks", value: "0x7F.1", found: ip},
		{rule: "an octal IPv4 address blocks", value: "0177.0.0.01", found: ip},
		{rule: "a short IPv4 address blocks", value: "127.1", found: ip},
		{rule: "an IPv4 address with a final dot blocks", value: "127.0.0.1.", found: ip},
		{rule: "a full-width IPv4 address blocks", value: "１２７。０。０。１", found: ip},
		{rule: "an IPv4 address in circled digits blocks", value: "①②⑦.0.0.①", found: ip},
		{rule: "an IPv6 address blocks", value: "http://[::1]:8080/", found: ip},
		{rule: "an IPv6 address without brackets blocks", value: "fe80::1", found: ip},
		{rule: "an IPv4-mapped address blocks", value: "[::ffff:127.0.0.1]", found: ip},
		{rule: "localhost blocks", value: "http://localhost:3000", found: special},
		{rule: "a name under localhost blocks", value: "shop.localhost", found: special},
		{rule: ".test blocks", value: "shop.test", found: special},
		{rule: ".example blocks", value: "shop.example", found: special},
		{rule: ".invalid blocks", value: "shop.invalid", found: special},
		{rule: ".local blocks", value: "shop.local", found: special},
		{rule: ".internal blocks", value: "metadata.google.internal", found: special},
		{rule: ".onion blocks", value: "shop.onion", found: special},
		{rule: ".arpa blocks", value: "1.0.0.127.in-addr.arpa", found: special},
		{rule: "example.com is nobody's", value: "www.example.com", found: special},
		{rule: "example.com.cn is somebody's", value: "www.example.com.cn", canonical: "example.com.cn"},
		{rule: "mytest.com only ends like a reserved name", value: "mytest.com", canonical: "mytest.com"},
		{rule: "a single label blocks", value: "shop", found: []string{"block domain-single-label"}},
		{rule: "a public suffix blocks", value: "com.cn", found: suffix},
		{rule: "a Chinese public suffix blocks", value: "公司.cn", found: suffix},
		{rule: "a hosting provider's suffix blocks", value: "github.io", found: suffix},
		{rule: "a name on a free host is a hint", value: "shop.github.io", found: []string{"hint domain-free-hosting"}, canonical: "shop.github.io"},
		{rule: "a page on a platform is a hint", value: "https://shop.lofter.com", found: []string{"hint domain-free-hosting"}},
		{rule: "an unknown top-level name is a warning", value: "shop.notatld", found: []string{"warn domain-unknown-suffix"}},
		{rule: "an empty label blocks", value: "www..shop.cn", found: form},
		{rule: "a leading hyphen blocks", value: "-shop.cn", found: form},
		{rule: "a final hyphen blocks", value: "shop-.cn", found: form},
		{rule: "two hyphens inside are lawful", value: "r3---sn.shop.cn", canonical: "shop.cn"},
		{rule: "an underscore blocks", value: "my_shop.cn", found: form},
		{rule: "a space inside blocks", value: "my shop.cn", found: form},
		{rule: "a percent sign blocks", value: "sh%6Fp.cn", found: form},
		{rule: "a wrong A-label blocks", value: "xn--a.cn", found: form},
		{rule: "a label of 64 characters blocks", value: "a123456789012345678901234567890123456789012345678901234567890123.cn", found: form},
		{rule: "nothing blocks", value: "", found: []string{"block domain-empty"}},
	})
}

func TestPartsOfASite(t *testing.T) {
	s, ok := identifier.ParseSite("HTTPS://WWW.网址之家.cn:8443/x")
	want := identifier.Site{Scheme: "https", Host: "www.xn--9iq21t6wdw30c.cn", Port: "8443", Registrable: "xn--9iq21t6wdw30c.cn", Suffix: "cn"}
	if !ok || s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if _, ok := identifier.ParseSite("http://10.0.0.1/"); ok {
		t.Error("an IP address has no site")
	}
}
