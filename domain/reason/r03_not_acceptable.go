package reason

import (
	"slices"

	"alta/domain/item"
)

// notAcceptable is R03: the document is there, and cannot be accepted as it is.
// Only Forged may end an application, and only when two people agree.
var notAcceptable = []Entry{
	{
		Code: R03, Sub: Unclear, Targets: slots, Machine: Suspicion,
		Found: "blur (variance of the Laplacian), size, near-blank, greyscale; a person confirms",
		zh: Wording{
			Title:    "图片不清晰：{item}",
			What:     "“{item}”的图片无法清楚辨认[：{seen}]。",
			Fix:      "请在光线充足处对原件重新拍照：彩色、对焦清楚、无反光、四角完整，建议不低于 800×500 像素。",
			Internal: "不清晰：{item}。[所见：{seen}。]",
		},
		es: Wording{
			Title:    "Imagen poco clara: {item}",
			What:     "La imagen de «{item}» no se puede leer bien[: {seen}].",
			Fix:      "Vuelva a fotografiar el original con buena luz: en color, enfocado, sin reflejos y con las cuatro esquinas; mejor de 800×500 píxeles en adelante.",
			Internal: "Poco claro: {item}.[ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Picture not clear: {item}",
			What:     "The picture of “{item}” cannot be read reliably[: {seen}].",
			Fix:      "Photograph the original again in good light: in colour, in focus, without glare, all four corners visible, ideally 800×500 pixels or more.",
			Internal: "Unclear: {item}.[ Seen: {seen}.]",
		},
	},
	{
		Code: R03, Sub: Forged, Targets: slots, Machine: Person, Final: true,
		Found: "a person judges; perceptual hash of another merchant's document is a hint",
		zh: Wording{
			Title:    "无法确认为真实原件：{item}",
			What:     "我们无法确认“{item}”是未经改动的真实原件。",
			Fix:      "请对原件重新拍照并上传，不要使用经过编辑、翻拍屏幕或拼接的图片。如您认为我们判断有误，请联系客服，我们会请另一位同事复核。",
			Internal: "疑似伪造或篡改：{item}。[所见：{seen}。]若确认，须由两人共同决定终止申请。",
		},
		es: Wording{
			Title:    "No consta que sea un original auténtico: {item}",
			What:     "No hemos podido comprobar que «{item}» sea un original auténtico y sin alterar.",
			Fix:      "Fotografíe de nuevo el original y súbalo; no sirven imágenes editadas, montadas ni fotos de una pantalla. Si cree que nos equivocamos, escríbanos y otra persona lo revisará.",
			Internal: "Posible falsificación o alteración: {item}.[ Visto: {seen}.] De confirmarse, la denegación definitiva la deciden dos personas.",
		},
		en: Wording{
			Title:    "Not established as a genuine original: {item}",
			What:     "We could not establish that “{item}” is a genuine, unaltered original.",
			Fix:      "Photograph the original again and upload it; edited or assembled pictures and photos of a screen cannot be accepted. If you think we are mistaken, contact us and another person will look at it.",
			Internal: "Suspected forgery or alteration: {item}.[ Seen: {seen}.] If confirmed, two people decide to decline for good.",
		},
	},
	{
		Code: R03, Sub: Incomplete, Targets: slots, Machine: Suspicion,
		Found: "edges of the document touch the picture's border; missing pages; a person confirms",
		zh: Wording{
			Title:    "材料不完整：{item}",
			What:     "“{item}”没有拍全或缺页[：{seen}]。",
			Fix:      "请重新上传完整的材料：四角和四边都在画面内，多页材料请合成一个 PDF，不要裁切或遮挡（银行卡背面的安全码除外）。",
			Internal: "不完整：{item}。[所见：{seen}。]",
		},
		es: Wording{
			Title:    "Documento incompleto: {item}",
			What:     "«{item}» aparece cortado o le faltan páginas[: {seen}].",
			Fix:      "Súbalo entero: con los cuatro bordes dentro de la imagen y, si tiene varias páginas, en un solo PDF; sin recortes ni partes tapadas (salvo el código de seguridad de la tarjeta).",
			Internal: "Incompleto: {item}.[ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Document incomplete: {item}",
			What:     "“{item}” is cut off or pages are missing[: {seen}].",
			Fix:      "Upload the whole document: all four edges in the picture, several pages as one PDF, nothing cropped or covered (except a card's security code).",
			Internal: "Incomplete: {item}.[ Seen: {seen}.]",
		},
	},
	{
		Code: R03, Sub: Expired, Targets: slices.Concat(slots, validity), Machine: Certain,
		Found: "the end of validity is past on the day of submission; less than 90 days ahead is only a warning",
		zh: Wording{
			Title:    "已过有效期：{item}",
			What:     "“{item}”已经过期[，有效期至 {seen}]。",
			Fix:      "请上传仍在有效期内的证件，并在表单中更新有效期。正在换证的，请在领到新证后上传；如来不及，可在截止日期前申请延期。",
			Internal: "已过期：{item}。[有效期至：{seen}。]",
		},
		es: Wording{
			Title:    "Caducado: {item}",
			What:     "«{item}» está caducado[; era válido hasta el {seen}].",
			Fix:      "Suba un documento vigente y actualice las fechas del formulario. Si lo está renovando, súbalo en cuanto lo reciba; si no llega a tiempo, pida una prórroga antes de que venza el plazo.",
			Internal: "Caducado: {item}.[ Válido hasta: {seen}.]",
		},
		en: Wording{
			Title:    "Expired: {item}",
			What:     "“{item}” has expired[; it was valid until {seen}].",
			Fix:      "Upload a document that is still valid and update the dates in the form. If it is being renewed, upload the new one when you have it; if that will be late, ask for an extension before the deadline.",
			Internal: "Expired: {item}.[ Valid until: {seen}.]",
		},
	},
	{
		Code: R03, Sub: Invalid, Targets: slices.Concat(slots, validity), Machine: Person,
		Found: "a person judges: revoked, a kind of document that is not accepted, dates that cannot be",
		zh: Wording{
			Title:    "材料无效：{item}",
			What:     "“{item}”不能作为有效材料使用[：{seen}]。",
			Fix:      "请提供有效的材料[：{expected}]。填写的日期须与证件上的一致；复印件、样本、已注销或吊销的证照均不能使用。",
			Internal: "无效：{item}。[所见：{seen}。][应为：{expected}。]",
		},
		es: Wording{
			Title:    "Documento no válido: {item}",
			What:     "«{item}» no se puede aceptar como válido[: {seen}].",
			Fix:      "Presente uno válido[: {expected}]. Las fechas deben coincidir con las del documento; no sirven copias en papel, muestras ni documentos anulados o revocados.",
			Internal: "No válido: {item}.[ Visto: {seen}.][ Debería ser: {expected}.]",
		},
		en: Wording{
			Title:    "Not valid: {item}",
			What:     "“{item}” cannot be accepted as valid[: {seen}].",
			Fix:      "Supply a valid one[: {expected}]. Dates must be those on the document; paper copies, specimens and cancelled or revoked documents cannot be used.",
			Internal: "Invalid: {item}.[ Seen: {seen}.][ Should be: {expected}.]",
		},
	},
	{
		Code: R03, Sub: CVNVisible, Targets: []item.Key{item.BankBack}, Machine: Person,
		Found: "a person sees the security code; nothing reads it",
		zh: Wording{
			Title:    "银行卡安全码可见：{item}",
			What:     "“{item}”的图片上能看到三位安全码。为了您的资金安全，我们已遮盖该图片，不会保存安全码。",
			Fix:      "请遮住签名栏旁的三位安全码，重新拍照并上传。",
			Internal: "CVN 可见：{item}。须先遮盖再退回，切勿抄录。",
		},
		es: Wording{
			Title:    "Código de seguridad visible: {item}",
			What:     "En la imagen de «{item}» se ve el código de seguridad de tres cifras. Para proteger su dinero hemos tapado esa imagen y no conservamos el código.",
			Fix:      "Tape las tres cifras junto a la firma, haga otra foto y súbala.",
			Internal: "CVN visible: {item}. Tápelo antes de devolver la solicitud y no lo anote nunca.",
		},
		en: Wording{
			Title:    "Security code visible: {item}",
			What:     "The picture of “{item}” shows the three-digit security code. To keep your money safe we have covered that picture and do not keep the code.",
			Fix:      "Cover the three digits beside the signature, take another photo and upload it.",
			Internal: "CVN visible: {item}. Redact before returning; never write it down.",
		},
	},
}
