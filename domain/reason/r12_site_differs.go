package reason

import "alta/domain/item"

// siteDiffers is R12: the site is there and is not what was registered, or not
// ready to sell. Only ProhibitedGoods may end an application, and only when two
// people agree.
var siteDiffers = []Entry{
	{
		Code: R12, Sub: SiteContact, Machine: Suspicion,
		// Either side can be the wrong one: the site's or the form's.
		Targets: []item.Key{item.SiteContact, item.ContactMobile, item.ContactEmail, item.ContactPhone, item.ContactAddress},
		Found:   "the footer or contact page does not hold the registered phone or e-mail; a person confirms",
		zh: Wording{
			Title:    "网站联系方式与登记不一致",
			What:     "网站上的联系方式[（{seen}）]与您登记的[（{expected}）]不一致或没有展示。",
			Fix:      "请在网站页脚或“联系我们”页面展示登记的电话和邮箱；如果网站上的才是正确的，请更正登记的联系方式。",
			Internal: "网站联系方式不符：{item}。[网站：{seen}。][登记：{expected}。]",
		},
		es: Wording{
			Title:    "Los datos de contacto del sitio no coinciden",
			What:     "Los datos de contacto del sitio[ ({seen})] faltan o no son los que usted registró[ ({expected})].",
			Fix:      "Muestre en el pie o en la página de contacto el teléfono y el correo registrados; si los correctos son los del sitio, corrija los registrados.",
			Internal: "Contacto del sitio distinto: {item}.[ Sitio: {seen}.][ Registro: {expected}.]",
		},
		en: Wording{
			Title:    "Site's contact details differ",
			What:     "The contact details on the site[ ({seen})] are missing or are not those you registered[ ({expected})].",
			Fix:      "Show the registered phone and e-mail in the footer or on the contact page; if the site's are the right ones, correct the registered ones.",
			Internal: "Site contact differs: {item}.[ Site: {seen}.][ Registered: {expected}.]",
		},
	},
	{
		Code: R12, Sub: SiteCompany, Targets: []item.Key{item.SiteCompany}, Machine: Suspicion,
		Found: "the footer does not hold the registered name or ICP number; a person confirms",
		zh: Wording{
			Title:    "网站主体信息与登记不一致",
			What:     "网站上展示的主体名称或备案号[（{seen}）]与登记信息[（{expected}）]不一致或没有展示。",
			Fix:      "请在网站页脚展示登记的商户名称和ICP备案号，备案号须链接到 beian.miit.gov.cn。",
			Internal: "网站主体信息不符：{item}。[网站：{seen}。][登记：{expected}。]",
		},
		es: Wording{
			Title:    "Los datos del titular del sitio no coinciden",
			What:     "El nombre o el número ICP que muestra el sitio[ ({seen})] falta o no coincide con lo registrado[ ({expected})].",
			Fix:      "Muestre en el pie de página el nombre registrado y el número ICP, con un enlace a beian.miit.gov.cn.",
			Internal: "Datos del titular distintos: {item}.[ Sitio: {seen}.][ Registro: {expected}.]",
		},
		en: Wording{
			Title:    "Site's operator details differ",
			What:     "The name or ICP number shown on the site[ ({seen})] is missing or is not the registered one[ ({expected})].",
			Fix:      "Show the registered name and the ICP number in the footer, the number linked to beian.miit.gov.cn.",
			Internal: "Operator details differ: {item}.[ Site: {seen}.][ Registered: {expected}.]",
		},
	},
	{
		Code: R12, Sub: SiteContent, Targets: []item.Key{item.SiteContent}, Machine: Person,
		Found: "a person on the walk-through",
		zh: Wording{
			Title:    "网站经营内容与登记不一致",
			What:     "网站上实际销售的[是“{seen}”，]与您登记的经营内容[“{expected}”]不一致。",
			Fix:      "请调整网站，使商品或服务与登记一致，名称、价格和说明清楚完整；如经营内容已变更，请联系客服更新登记。",
			Internal: "经营内容不符：{item}。[网站：{seen}。][登记：{expected}。]",
		},
		es: Wording{
			Title:    "El contenido del sitio no coincide",
			What:     "Lo que vende el sitio[ («{seen}»)] no es lo que usted registró[ («{expected}»)].",
			Fix:      "Ajuste el sitio para que los bienes o servicios sean los registrados, con nombre, precio y descripción completos; si su actividad cambió, contáctenos para actualizarla.",
			Internal: "Contenido distinto: {item}.[ Sitio: {seen}.][ Registro: {expected}.]",
		},
		en: Wording{
			Title:    "Site's content differs",
			What:     "What the site sells[ (“{seen}”)] is not what you registered[ (“{expected}”)].",
			Fix:      "Change the site so that goods or services are the registered ones, each with name, price and description; if your business has changed, contact us to update it.",
			Internal: "Content differs: {item}.[ Site: {seen}.][ Registered: {expected}.]",
		},
	},
	{
		Code: R12, Sub: ProhibitedGoods, Targets: []item.Key{item.SiteContent}, Machine: Person, Final: true,
		Found: "a person on the walk-through; a word list is a hint",
		zh: Wording{
			Title:    "网站含有禁止销售的商品或服务",
			What:     "网站上有不允许通过本平台收款的商品或服务[：{seen}]。",
			Fix:      "请全部下架并确认无法再购买，然后重新提交。若该经营须持有专门许可，请先联系客服。",
			Internal: "禁售商品或服务：{item}。[所见：{seen}。]若确认，须由两人共同决定终止申请。",
		},
		es: Wording{
			Title:    "El sitio ofrece bienes o servicios prohibidos",
			What:     "El sitio ofrece bienes o servicios que no se pueden cobrar con esta plataforma[: {seen}].",
			Fix:      "Retírelos todos, compruebe que ya no se pueden comprar y vuelva a enviar la solicitud. Si su actividad requiere una licencia especial, contáctenos antes.",
			Internal: "Bienes o servicios prohibidos: {item}.[ Visto: {seen}.] De confirmarse, la denegación definitiva la deciden dos personas.",
		},
		en: Wording{
			Title:    "Site offers prohibited goods or services",
			What:     "The site offers goods or services that cannot be paid for through this platform[: {seen}].",
			Fix:      "Take all of them down, make sure that they can no longer be bought, then resubmit. If your trade needs a special licence, contact us first.",
			Internal: "Prohibited goods or services: {item}.[ Seen: {seen}.] If confirmed, two people decide to decline for good.",
		},
	},
	{
		Code: R12, Sub: DisplayBroken, Targets: []item.Key{item.SiteDisplay}, Machine: Person,
		Found: "a person on the walk-through",
		zh: Wording{
			Title:    "网站页面显示异常",
			What:     "网站页面不能正常显示[：{seen}]。",
			Fix:      "请修复上述页面（如乱码、图片缺失、排版错乱、链接失效），并在电脑和手机上各检查一遍。",
			Internal: "页面显示异常：{item}。[所见：{seen}。]",
		},
		es: Wording{
			Title:    "El sitio no se muestra bien",
			What:     "Hay páginas que no se muestran correctamente[: {seen}].",
			Fix:      "Corrija esas páginas (caracteres ilegibles, imágenes que faltan, diseño roto, enlaces que no funcionan) y revíselas en un ordenador y en un móvil.",
			Internal: "Visualización defectuosa: {item}.[ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Site does not display properly",
			What:     "Some pages do not display as they should[: {seen}].",
			Fix:      "Repair those pages (garbled text, missing pictures, broken layout, dead links) and look at them once on a computer and once on a phone.",
			Internal: "Display broken: {item}.[ Seen: {seen}.]",
		},
	},
	{
		Code: R12, Sub: Unfinished, Targets: []item.Key{item.SiteURL, item.SiteContent}, Machine: Person,
		Found: "a person on the walk-through",
		zh: Wording{
			Title:    "网站尚未建设完成",
			What:     "网站还没有建设完成[：{seen}]。",
			Fix:      "请上线真实的商品或服务，删除示例内容和“建设中”页面，确认整个网站可以独立使用后再提交。",
			Internal: "网站未完成：{item}。[所见：{seen}。]",
		},
		es: Wording{
			Title:    "El sitio aún no está terminado",
			What:     "El sitio web todavía no está terminado[: {seen}].",
			Fix:      "Publique sus bienes o servicios reales, quite los contenidos de ejemplo y las páginas «en construcción» y envíelo de nuevo cuando todo el sitio funcione por sí mismo.",
			Internal: "Sitio sin terminar: {item}.[ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Site is not finished",
			What:     "The web site is not finished yet[: {seen}].",
			Fix:      "Put your real goods or services on it, remove sample content and “under construction” pages, and resubmit when the whole site works on its own.",
			Internal: "Site unfinished: {item}.[ Seen: {seen}.]",
		},
	},
	{
		Code: R12, Sub: NoPurchaseFlow, Targets: []item.Key{item.SitePurchase}, Machine: Person,
		Found: "a person on the walk-through with the test account",
		zh: Wording{
			Title:    "购买流程无法走通",
			What:     "我们无法在网站上完成一次购买[，停在这一步：{seen}]。",
			Fix:      "请确保能从选择商品、下单一直走到付款页面，并显示价格和收货（或服务）方式；付款页面可以是测试状态。",
			Internal: "购买流程不通：{item}。[停在：{seen}。]",
		},
		es: Wording{
			Title:    "No se puede completar una compra",
			What:     "No pudimos completar una compra en el sitio[; nos detuvimos en este paso: {seen}].",
			Fix:      "Asegúrese de que se puede elegir un producto, hacer el pedido y llegar a la página de pago, viendo el precio y la forma de entrega; el pago puede estar en modo de prueba.",
			Internal: "Proceso de compra interrumpido: {item}.[ Se detiene en: {seen}.]",
		},
		en: Wording{
			Title:    "A purchase cannot be completed",
			What:     "We could not complete a purchase on the site[; we got stuck at this step: {seen}].",
			Fix:      "Make sure that one can choose, order and get to the payment page, and sees the price and how it is delivered; the payment itself may be in test mode.",
			Internal: "Purchase flow broken: {item}.[ Stuck at: {seen}.]",
		},
	},
	{
		Code: R12, Sub: TestAccountFails, Targets: []item.Key{item.SiteTestAccount}, Machine: Person,
		Found: "a person on the walk-through",
		zh: Wording{
			Title:    "测试账号无法使用",
			What:     "用您提供的测试账号无法登录或无法购买[：{seen}]。",
			Fix:      "请提供可直接登录的账号和密码（不需要短信验证码，不限制登录地区），提交前请在无痕窗口中试用一次。",
			Internal: "测试账号不可用：{item}。[所见：{seen}。]切勿在备注中写入密码。",
		},
		es: Wording{
			Title:    "La cuenta de prueba no funciona",
			What:     "Con la cuenta de prueba no se puede entrar o comprar[: {seen}].",
			Fix:      "Facilite un usuario y una contraseña que entren directamente (sin código por SMS ni límite de región) y pruébelos antes en una ventana privada.",
			Internal: "La cuenta de prueba falla: {item}.[ Visto: {seen}.] No escriba nunca la contraseña en una nota.",
		},
		en: Wording{
			Title:    "Test account does not work",
			What:     "The test account does not let us log in or buy[: {seen}].",
			Fix:      "Give a user and password that log in directly (no text-message code, no regional limit) and try them once in a private window first.",
			Internal: "Test account fails: {item}.[ Seen: {seen}.] Never write the password into a note.",
		},
	},
	{
		Code: R12, Sub: TermsMissing, Targets: []item.Key{item.SiteTerms}, Machine: Person,
		Found: "a person on the walk-through",
		zh: Wording{
			Title:    "网站缺少必要的条款",
			What:     "网站上没有找到必要的条款[：{seen}]。",
			Fix:      "请在页脚公布服务条款、退换货（退款）规则和隐私政策，并让顾客在下单前能看到。",
			Internal: "缺少条款：{item}。[缺：{seen}。]",
		},
		es: Wording{
			Title:    "Faltan condiciones en el sitio",
			What:     "No encontramos en el sitio las condiciones necesarias[: {seen}].",
			Fix:      "Publique en el pie las condiciones del servicio, la política de cambios y reembolsos y la de privacidad, de modo que se puedan leer antes de comprar.",
			Internal: "Faltan condiciones: {item}.[ Falta: {seen}.]",
		},
		en: Wording{
			Title:    "Terms are missing on the site",
			What:     "We did not find the necessary terms on the site[: {seen}].",
			Fix:      "Publish your terms of service, your returns and refund rules and your privacy policy in the footer, so that customers can read them before they order.",
			Internal: "Terms missing: {item}.[ Missing: {seen}.]",
		},
	},
}

// fallback is what an older version shows for a reason that it does not know.
var fallback = Entry{
	Machine: Person,
	Found:   "recorded by a newer version of the registry",
	zh: Wording{
		Title:    "需要修改：{item}",
		What:     "“{item}”未通过审核[：{seen}]。",
		Fix:      "请检查并修改“{item}”[，应为：{expected}]。如需详细说明，请刷新页面或联系客服。",
		Internal: "本版本不认识的原因：{item}。[所见：{seen}。]",
		By:       byWhen.Zh,
	},
	es: Wording{
		Title:    "Hay que corregir: {item}",
		What:     "«{item}» no se ha aceptado[: {seen}].",
		Fix:      "Revise y corrija «{item}»[; debería ser: {expected}]. Para más detalles, vuelva a cargar la página o contáctenos.",
		Internal: "Motivo que esta versión no conoce: {item}.[ Visto: {seen}.]",
		By:       byWhen.Es,
	},
	en: Wording{
		Title:    "To be corrected: {item}",
		What:     "The “{item}” was not accepted[: {seen}].",
		Fix:      "Check and correct the “{item}”[; it should be: {expected}]. For details reload the page or contact us.",
		Internal: "A reason that this version does not know: {item}.[ Seen: {seen}.]",
		By:       byWhen.En,
	},
}
