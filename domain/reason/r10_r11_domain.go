package reason

import "alta/domain/item"

// registrant is R10: the domain belongs to somebody else. A shareholder,
// principal or officer as registrant is lawful with proof.
var registrant = []Entry{
	{
		Code: R10, Sub: Mismatch, Machine: LookUp,
		Targets: []item.Key{item.IdentityName, item.CompanyName, item.SiteDomain},
		Found:   "the registrar's or the ICP register's name is looked up; the comparison is certain then",
		zh: Wording{
			Title:    "商户名称与域名注册人不一致",
			What:     "域名的注册人[“{seen}”]与您登记的商户名称[“{expected}”]不一致。[涉及域名：{value}。]",
			Fix:      "请任选其一：在域名注册商处将域名过户到您的名下；更正登记名称；改用您名下的域名；或上传证明——注册人是贵企业股东、负责人或高管的，上传域名证书和关系证明，其他情况上传域名使用授权书。",
			Internal: "域名注册人不符：{item}。[域名：{value}。][注册人：{seen}。][商户：{expected}。]股东、负责人、高管凭证明可接受。",
		},
		es: Wording{
			Title:    "El nombre comercial no es el titular del dominio",
			What:     "El titular del dominio[ («{seen}»)] no coincide con el nombre que usted registró[ («{expected}»)].[ Dominio: {value}.]",
			Fix:      "Elija lo que le convenga: transfiera el dominio a su nombre en su registrador; corrija el nombre registrado; use un dominio suyo; o suba una prueba: si el titular es socio, responsable o directivo de su empresa, el certificado del dominio y la prueba de esa relación; en otro caso, la autorización de uso del dominio.",
			Internal: "Titular del dominio distinto: {item}.[ Dominio: {value}.][ Titular: {seen}.][ Comerciante: {expected}.] Socio, responsable o directivo: se admite con prueba.",
		},
		en: Wording{
			Title:    "Business name is not the domain's registrant",
			What:     "The registrant of the domain[ (“{seen}”)] is not the name you registered[ (“{expected}”)].[ Domain: {value}.]",
			Fix:      "Choose what suits you: have the domain transferred to your name at your registrar; correct the registered name; use a domain of your own; or upload a proof: if the registrant is a shareholder, principal or officer of your company, the domain certificate with evidence of that relation, otherwise a letter of authorisation for the domain.",
			Internal: "Domain registrant differs: {item}.[ Domain: {value}.][ Registrant: {seen}.][ Merchant: {expected}.] Shareholder, principal or officer: lawful with proof.",
		},
	},
}

var reached = []item.Key{item.SiteDomain, item.SiteURL}

// unreachable is R11: the site cannot be reached, or not safely. A probe tries at
// three different times before it says so.
var unreachable = []Entry{
	{
		Code: R11, Sub: Unreachable, Targets: reached, Machine: Suspicion,
		Found: "a probe at three different times: DNS, TCP, TLS, HTTP status; a person confirms",
		zh: Wording{
			Title:    "网站无法访问",
			What:     "我们在不同时间多次访问网站[ {value} ]均未成功[：{seen}]。",
			Fix:      "请检查域名解析、服务器、证书和防火墙，恢复访问后点击“重新检测”。若网站限制访问地区，请放行中国大陆。",
			Internal: "无法访问：{item}。[地址：{value}。][探测：{seen}。]",
		},
		es: Wording{
			Title:    "No se puede acceder al sitio web",
			What:     "Intentamos abrir el sitio[ {value}] varias veces a distintas horas y no lo conseguimos[: {seen}].",
			Fix:      "Revise el DNS, el servidor, el certificado y el cortafuegos; cuando vuelva a funcionar pulse «Comprobar de nuevo». Si limita el acceso por países, permita China continental.",
			Internal: "Inaccesible: {item}.[ Dirección: {value}.][ Sondeo: {seen}.]",
		},
		en: Wording{
			Title:    "Web site cannot be reached",
			What:     "We tried the site[ {value}] several times at different hours without success[: {seen}].",
			Fix:      "Check its DNS, server, certificate and firewall; when it works again press “Check again”. If you restrict access by country, allow mainland China.",
			Internal: "Unreachable: {item}.[ Address: {value}.][ Probe: {seen}.]",
		},
	},
	{
		Code: R11, Sub: Blocked, Targets: reached, Machine: Suspicion,
		Found: "a provider's or network's blocking page, or a blocklist; a person confirms",
		zh: Wording{
			Title:    "网站被拦截",
			What:     "网站[ {value} ]在访问时被网络工具或运营商拦截[：{seen}]。",
			Fix:      "请联系服务器服务商查明拦截原因（常见为未备案、欠费或内容投诉），解除后点击“重新检测”。",
			Internal: "被拦截：{item}。[地址：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "El sitio web está bloqueado",
			What:     "Una herramienta de red o el operador bloquea el acceso al sitio[ {value}][: {seen}].",
			Fix:      "Pregunte el motivo a su proveedor de alojamiento (suele ser falta de registro, un impago o una denuncia de contenido), haga que lo desbloqueen y pulse «Comprobar de nuevo».",
			Internal: "Bloqueado: {item}.[ Dirección: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Web site is blocked",
			What:     "A network tool or the carrier blocks the site[ {value}][: {seen}].",
			Fix:      "Ask your hosting provider for the cause (usually a missing filing, an unpaid bill or a complaint about content), have it unblocked and press “Check again”.",
			Internal: "Blocked: {item}.[ Address: {value}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R11, Sub: Dangerous, Targets: reached, Machine: LookUp,
		Found: "lists of dangerous sites; browsers' warnings seen by a person",
		zh: Wording{
			Title:    "网站被标记为危险",
			What:     "网站[ {value} ]被安全服务标记为危险[：{seen}]。",
			Fix:      "请清除木马、跳转和钓鱼页面，修补漏洞，再向标记方申诉解除，完成后点击“重新检测”。",
			Internal: "被标记为危险：{item}。[地址：{value}。][来源：{seen}。]",
		},
		es: Wording{
			Title:    "El sitio web está marcado como peligroso",
			What:     "Un servicio de seguridad marca el sitio[ {value}] como peligroso[: {seen}].",
			Fix:      "Elimine el código malicioso, las redirecciones y las páginas fraudulentas, cierre la vulnerabilidad y solicite la revisión a quien lo marcó; después pulse «Comprobar de nuevo».",
			Internal: "Marcado como peligroso: {item}.[ Dirección: {value}.][ Fuente: {seen}.]",
		},
		en: Wording{
			Title:    "Web site is flagged as dangerous",
			What:     "A security service flags the site[ {value}] as dangerous[: {seen}].",
			Fix:      "Remove malicious code, redirects and phishing pages, close the hole, ask whoever flagged it for a review, then press “Check again”.",
			Internal: "Flagged dangerous: {item}.[ Address: {value}.][ Source: {seen}.]",
		},
	},
	{
		Code: R11, Sub: OffDomain, Targets: reached, Machine: Suspicion,
		Found: "a probe ends on another registrable domain; a person confirms",
		zh: Wording{
			Title:    "网站跳转到其他域名",
			What:     "打开网站[ {value} ]后跳转到了其他域名[（{seen}）]，并非您登记的网站。",
			Fix:      "请取消跳转，让登记的域名直接显示您的网站；或登记实际使用且已备案的域名。",
			Internal: "跳转至其他域名：{item}。[地址：{value}。][到达：{seen}。]",
		},
		es: Wording{
			Title:    "El sitio lleva a otro dominio",
			What:     "Al abrir el sitio[ {value}] se llega a otro dominio[ ({seen})] y no al sitio que usted registró.",
			Fix:      "Quite la redirección para que el dominio registrado muestre su sitio, o registre el dominio que realmente usa, con su registro ICP.",
			Internal: "Redirige a otro dominio: {item}.[ Dirección: {value}.][ Llega a: {seen}.]",
		},
		en: Wording{
			Title:    "Site leads to another domain",
			What:     "The site[ {value}] leads to another domain[ ({seen})], not to the one you registered.",
			Fix:      "Remove the redirect so that the registered domain shows your site, or register the domain that you really use, with its ICP filing.",
			Internal: "Redirects off-domain: {item}.[ Address: {value}.][ Ends at: {seen}.]",
		},
	},
}
