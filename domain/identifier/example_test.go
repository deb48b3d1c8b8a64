package identifier_test

import (
	"fmt"

	"alta/domain/identifier"
)

func ExampleUSCC() {
	r := identifier.USCC("91350100M0001TGQXM", "individual")
	for _, f := range r.Findings {
		fmt.Println(f.Severity, f.Code)
	}
	// Output:
	// warn uscc-checksum
	// hint uscc-kind
}

func ExampleParseSite() {
	site, ok := identifier.ParseSite("https://www.网址之家.cn:8443/about")
	fmt.Println(ok, site.Host, site.Port, site.Registrable)
	// Output: true www.xn--9iq21t6wdw30c.cn 8443 xn--9iq21t6wdw30c.cn
}

func ExampleCompareNames() {
	c := identifier.CompareNames("甲（北京）有限公司", "甲(北京) 有限公司")
	fmt.Println(c.Verdict)
	// Output: equal
}
