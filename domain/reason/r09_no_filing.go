package reason

import "alta/domain/item"

var filed = []item.Key{item.SiteDomain, item.SiteICPNumber}

// noFiling is R09: the domain has no ICP filing that covers this web site. The
// texts explain what a filing is, because most merchants who get this reason
// have never heard of it. The platform cannot file for the merchant.
var noFiling = []Entry{
	{
		Code: R09, Sub: NoFiling, Targets: filed, Machine: LookUp,
		Found: "the ICP register knows no filing of the registrable domain",
		zh: Wording{
			Title:    "域名尚未完成ICP备案",
			What:     "在工信部备案系统中查不到域名[ {value} ]的ICP备案。中国大陆的网站须先备案，才能接入支付。[查询结果：{seen}。]",
			Fix:      "备案免费，由您的服务器（接入）服务商代为提交：请登录阿里云、腾讯云等服务商的“ICP备案”页面按提示办理，管局审核最长20个工作日；支付平台不能代办。拿到备案号后在此填写。也可以改用您已备案的域名。若期限内办不完，请在截止前申请延期。",
			Internal: "无ICP备案：{item}。[域名：{value}。][查询：{seen}。]",
		},
		es: Wording{
			Title:    "El dominio no tiene registro ICP",
			What:     "El dominio[ {value}] no aparece en el registro ICP, el registro oficial de sitios web del Ministerio de Industria y Tecnología de la Información de China. Es obligatorio para cobrar en un sitio alojado en China continental.[ Resultado de la consulta: {seen}.]",
			Fix:      "El registro es gratuito y lo tramita su proveedor de alojamiento o de acceso: entre en la página «ICP备案» de su proveedor (Alibaba Cloud, Tencent Cloud u otro) y siga los pasos; tarda hasta 20 días hábiles. La plataforma de pago no puede hacerlo por usted. Cuando tenga el número, escríbalo aquí. También puede usar otro dominio suyo ya registrado. Si no llega a tiempo, pida una prórroga antes de que venza el plazo.",
			Internal: "Sin registro ICP: {item}.[ Dominio: {value}.][ Consulta: {seen}.]",
		},
		en: Wording{
			Title:    "Domain has no ICP filing",
			What:     "The domain[ {value}] is not in the ICP register, the official register of web sites kept by China's Ministry of Industry and Information Technology. A site in mainland China must be in it before it can take payments.[ What the register said: {seen}.]",
			Fix:      "The filing is free and goes through your hosting or access provider: open the “ICP备案” page of your provider (Alibaba Cloud, Tencent Cloud or another) and follow its steps; it takes up to 20 working days. The payment platform cannot file for you. Enter the number here once you have it. You can also use another domain of yours that is already filed. If it will be late, ask for an extension before the deadline.",
			Internal: "No ICP filing: {item}.[ Domain: {value}.][ Register: {seen}.]",
		},
	},
	{
		Code: R09, Sub: AppOnly, Targets: filed, Machine: Certain,
		Found: "a service number that ends in -<n>A is an app's filing; the register confirms",
		zh: Wording{
			Title:    "备案仅限APP，不含网站",
			What:     "备案号[ {value} ]是APP备案（序号后带字母A），不包含网站。",
			Fix:      "请通过服务器（接入）服务商为网站域名新增网站备案，最长20个工作日；如果已有网站备案，请填写网站的备案号（末尾不带A）。",
			Internal: "仅有APP备案：{item}。[备案号：{value}。][查询：{seen}。]",
		},
		es: Wording{
			Title:    "El registro ICP es solo de una aplicación",
			What:     "El número ICP[ {value}] corresponde a una aplicación móvil (lleva una A al final) y no cubre un sitio web.",
			Fix:      "Pida a su proveedor de alojamiento o de acceso que añada el registro del sitio web para este dominio (hasta 20 días hábiles). Si ya lo tiene, escriba el número del sitio web, que no acaba en A.",
			Internal: "Registro ICP solo de aplicación: {item}.[ Número: {value}.][ Consulta: {seen}.]",
		},
		en: Wording{
			Title:    "ICP filing covers an app only",
			What:     "The ICP number[ {value}] belongs to an app (it ends in the letter A) and does not cover a web site.",
			Fix:      "Ask your hosting or access provider to add a web site filing for this domain (up to 20 working days). If you already have one, enter the web site's number, which does not end in A.",
			Internal: "App filing only: {item}.[ Number: {value}.][ Register: {seen}.]",
		},
	},
	{
		Code: R09, Sub: Cancelled, Targets: filed, Machine: LookUp,
		Found: "the ICP register shows the filing as cancelled",
		zh: Wording{
			Title:    "ICP备案已被注销",
			What:     "域名[ {value} ]曾经备案，但备案现已注销[：{seen}]。",
			Fix:      "请联系服务器（接入）服务商了解注销原因并重新备案（最长20个工作日），或改用您已备案的域名。注销常因更换服务商后未办理接入备案，或主体信息过期。",
			Internal: "备案已注销：{item}。[域名：{value}。][查询：{seen}。]",
		},
		es: Wording{
			Title:    "El registro ICP está cancelado",
			What:     "El dominio[ {value}] tuvo registro ICP, pero está cancelado[: {seen}].",
			Fix:      "Pregunte a su proveedor de alojamiento o de acceso por qué se canceló y tramite uno nuevo (hasta 20 días hábiles), o use otro dominio suyo ya registrado. Suele ocurrir al cambiar de proveedor sin trasladar el registro.",
			Internal: "Registro ICP cancelado: {item}.[ Dominio: {value}.][ Consulta: {seen}.]",
		},
		en: Wording{
			Title:    "ICP filing was cancelled",
			What:     "The domain[ {value}] once had an ICP filing, which has been cancelled[: {seen}].",
			Fix:      "Ask your hosting or access provider why, and file again (up to 20 working days), or use another domain of yours that is filed. The usual cause is a change of provider without moving the filing.",
			Internal: "Filing cancelled: {item}.[ Domain: {value}.][ Register: {seen}.]",
		},
	},
	{
		Code: R09, Sub: OtherSubject, Targets: filed, Machine: LookUp,
		Found: "the register's subject against the merchant's name",
		zh: Wording{
			Title:    "ICP备案主体不是您",
			What:     "域名[ {value} ]的备案主体[是“{seen}”，]与您登记的名称[“{expected}”]不一致。",
			Fix:      "请通过接入服务商将备案变更到您的名下（最长20个工作日）；或改用您名下已备案的域名；如果备案主体确已授权您使用，请上传其签字或盖章的域名使用授权书。",
			Internal: "备案主体不符：{item}。[域名：{value}。][备案主体：{seen}。][商户：{expected}。]",
		},
		es: Wording{
			Title:    "El registro ICP está a nombre de otro",
			What:     "El registro ICP del dominio[ {value}] está a nombre de otro titular[ («{seen}»)], no del nombre que usted registró[ («{expected}»)].",
			Fix:      "Cambie el registro a su nombre a través de su proveedor de acceso (hasta 20 días hábiles), use otro dominio registrado a su nombre o, si el titular le permite usarlo, suba la autorización de uso del dominio firmada o sellada por él.",
			Internal: "Titular ICP distinto: {item}.[ Dominio: {value}.][ Titular: {seen}.][ Comerciante: {expected}.]",
		},
		en: Wording{
			Title:    "ICP filing is in another name",
			What:     "The ICP filing of the domain[ {value}] is in another name[ (“{seen}”)] than the one you registered[ (“{expected}”)].",
			Fix:      "Have the filing changed to your name through your access provider (up to 20 working days), use another domain filed in your name or, if its owner lets you use it, upload the letter of authorisation for the domain that they signed or sealed.",
			Internal: "Filing subject differs: {item}.[ Domain: {value}.][ Subject: {seen}.][ Merchant: {expected}.]",
		},
	},
	{
		Code: R09, Sub: Malformed, Targets: []item.Key{item.SiteICPNumber}, Machine: Certain,
		Found: "the form of the number: province letter, ICP备 and 8 digits, or a licence number",
		zh: Wording{
			Title:    "ICP备案号格式有误",
			What:     "您填写的ICP备案号[“{value}”]不是有效的格式[：{seen}]。",
			Fix:      "请填写网站首页底部的备案号，例如“京ICP备12345678号-1”；也可在 beian.miit.gov.cn 按域名查询。公安备案号是另一种号码，不能代替。",
			Internal: "备案号格式有误：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "Número ICP mal escrito",
			What:     "El número ICP[ «{value}»] no tiene una forma válida[: {seen}].",
			Fix:      "Copie el número que figura al pie de su página, por ejemplo «京ICP备12345678号-1»; también puede buscarlo por el dominio en beian.miit.gov.cn. El número de la policía (公网安备) es otro y no lo sustituye.",
			Internal: "Número ICP mal formado: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "ICP number not well-formed",
			What:     "The ICP number[ “{value}”] does not have a valid form[: {seen}].",
			Fix:      "Copy the number from the foot of your home page, for example “京ICP备12345678号-1”, or look it up by domain at beian.miit.gov.cn. The police filing number (公网安备) is a different one and does not replace it.",
			Internal: "ICP number malformed: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
}
