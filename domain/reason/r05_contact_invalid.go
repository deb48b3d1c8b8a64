package reason

import "alta/domain/item"

// contactInvalid is R05: nobody can be reached this way. The merchant corrects
// it and confirms by code.
var contactInvalid = []Entry{
	{
		Code: R05, Sub: Mobile, Targets: []item.Key{item.ContactMobile}, Machine: Certain,
		Found: "form, certain; a text message that never arrived or a code never confirmed, suspicion; no answer, a person",
		zh: Wording{
			Title:    "手机号无法联系",
			What:     "我们无法通过您填写的手机号[ {value} ]联系到您[：{seen}]。",
			Fix:      "请填写您正在使用的中国大陆11位手机号，并输入收到的短信验证码完成确认。",
			Internal: "手机号无效：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "No podemos contactarle por el móvil",
			What:     "No logramos comunicarnos con usted en el móvil indicado[ {value}][: {seen}].",
			Fix:      "Escriba un móvil de China continental de 11 cifras que use actualmente y confírmelo con el código que recibirá por SMS.",
			Internal: "Móvil no válido: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Mobile number does not reach you",
			What:     "We cannot reach you at the mobile number you gave[ {value}][: {seen}].",
			Fix:      "Enter an 11-digit mainland mobile number that you use now and confirm it with the code we send by text message.",
			Internal: "Mobile invalid: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R05, Sub: Email, Targets: []item.Key{item.ContactEmail}, Machine: Certain,
		Found: "form, certain; bounced or code never confirmed, suspicion",
		zh: Wording{
			Title:    "邮箱无法送达",
			What:     "发往您邮箱[ {value} ]的邮件无法送达或未获确认[：{seen}]。",
			Fix:      "请检查拼写，填写您能收信的邮箱，并输入邮件中的验证码完成确认；必要时请查看垃圾邮件。",
			Internal: "邮箱无效：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "El correo no llega",
			What:     "Los mensajes a su correo[ {value}] no llegan o no se han confirmado[: {seen}].",
			Fix:      "Revise si está bien escrito, indique un correo que pueda leer y confírmelo con el código que le enviaremos; mire también en la carpeta de no deseados.",
			Internal: "Correo no válido: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "E-mail does not arrive",
			What:     "Mail to your address[ {value}] does not arrive or was never confirmed[: {seen}].",
			Fix:      "Check the spelling, enter an address that you can read, and confirm it with the code we send; please look in the junk folder too.",
			Internal: "E-mail invalid: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R05, Sub: Phone, Targets: []item.Key{item.ContactPhone}, Machine: Certain,
		Found: "form (landline with area code, 400 or 800 number, mobile), certain; no answer, a person",
		zh: Wording{
			Title:    "客服电话无法接通",
			What:     "您填写的客服电话[ {value} ]无法接通或格式有误[：{seen}]。",
			Fix:      "请填写顾客能打通的电话：带区号的座机、400/800 号码或手机号均可。",
			Internal: "客服电话无效：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "El teléfono de atención no responde",
			What:     "El teléfono de atención al cliente[ {value}] no responde o está mal escrito[: {seen}].",
			Fix:      "Indique un número en el que sus clientes sean atendidos: fijo con prefijo, 400/800 o móvil.",
			Internal: "Teléfono de atención no válido: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Service phone does not answer",
			What:     "The customer service phone[ {value}] does not answer or is not written correctly[: {seen}].",
			Fix:      "Enter a number that your customers can reach: a landline with area code, a 400 or 800 number, or a mobile.",
			Internal: "Service phone invalid: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R05, Sub: Address, Targets: []item.Key{item.ContactAddress, item.CompanyAddress}, Machine: Person,
		Found: "a person judges: not a place, incomplete, or not the address on the licence",
		zh: Wording{
			Title:    "地址有误：{item}",
			What:     "您填写的“{item}”不完整或与证照不一致[：{seen}]。",
			Fix:      "请写明省、市、区（县）、街道和门牌号[，例如：{expected}]；企业注册地址须与营业执照一致。",
			Internal: "地址有误：{item}。[填写：{value}。][所见：{seen}。][应为：{expected}。]",
		},
		es: Wording{
			Title:    "Dirección incorrecta: {item}",
			What:     "«{item}» está incompleto o no coincide con la licencia[: {seen}].",
			Fix:      "Indique provincia, ciudad, distrito, calle y número[, por ejemplo: {expected}]; el domicilio social debe ser el de la licencia comercial.",
			Internal: "Dirección incorrecta: {item}.[ Escrito: {value}.][ Visto: {seen}.][ Debería ser: {expected}.]",
		},
		en: Wording{
			Title:    "Address not right: {item}",
			What:     "The “{item}” is incomplete or is not the one on the licence[: {seen}].",
			Fix:      "Give province, city, district, street and number[, for example: {expected}]; a registered address must be the one on the business licence.",
			Internal: "Address wrong: {item}.[ Entered: {value}.][ Seen: {seen}.][ Should be: {expected}.]",
		},
	},
}
