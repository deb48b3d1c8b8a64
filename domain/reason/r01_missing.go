package reason

import (
	"alta/domain/item"
	"alta/domain/lang"
)

// missing is R01: something that the policy requires is not there. The merchant
// supplies that item only.
var missing = []Entry{
	gone(MissingDomain, []item.Key{item.SiteDomain}, lang.Text{
		Zh: "请填写网站的主域名，例如 example.cn，不必带 http:// 或 www。",
		Es: "Escriba el dominio principal de su sitio web, por ejemplo example.cn, sin http:// ni www.",
		En: "Enter the main domain of your web site, for example example.cn, without http:// or www.",
	}),
	gone(MissingIDCardFront, []item.Key{item.IDCardFront}, lang.Text{
		Zh: "请上传身份证件带照片的一面（护照请上传资料页）：彩色原件，四角完整，字迹清楚。",
		Es: "Suba el lado de su documento que lleva la foto (en un pasaporte, la página de datos): original en color, con las cuatro esquinas y el texto legible.",
		En: "Upload the side of your identity document with your photo (for a passport, the data page): the original in colour, all four corners visible, text readable.",
	}),
	gone(MissingIDCardBack, []item.Key{item.IDCardBack}, lang.Text{
		Zh: "请上传身份证件带国徽的一面，有效期限须清楚可见。",
		Es: "Suba el lado de su documento que lleva el emblema nacional; el período de validez debe leerse bien.",
		En: "Upload the side of your identity document with the national emblem; its period of validity must be readable.",
	}),
	gone(MissingBankCardFront, []item.Key{item.BankFront}, lang.Text{
		Zh: "请上传结算银行卡的正面，卡号和银行名称须清楚可见。",
		Es: "Suba el anverso de la tarjeta de su cuenta de liquidación; deben leerse el número y el banco.",
		En: "Upload the front of the card of your settlement account; its number and bank must be readable.",
	}),
	gone(MissingBankCardBack, []item.Key{item.BankBack}, lang.Text{
		Zh: "请上传结算银行卡的背面。拍照前请遮住签名栏旁的三位安全码，我们不需要它，也不会保存它。",
		Es: "Suba el reverso de la tarjeta. Antes de fotografiarla, tape el código de seguridad de tres cifras junto a la firma: no lo necesitamos y nunca lo guardamos.",
		En: "Upload the back of the card. Before you photograph it, cover the three-digit security code beside the signature: we do not need it and never keep it.",
	}),
	gone(MissingBankInfo, []item.Key{item.BankHolder, item.BankNumber, item.BankCode, item.BankBranch}, lang.Text{
		Zh: "请补全收款账户信息，货款将结算到该账户。支行的12位联行号可向开户银行查询。",
		Es: "Complete los datos de la cuenta en la que recibirá sus cobros. Su banco le puede indicar el código CNAPS de 12 cifras de la sucursal.",
		En: "Complete the details of the account that your takings are paid into. Your bank can tell you the branch's 12-digit CNAPS code.",
	}),
	gone(MissingBusinessLicence, []item.Key{item.BusinessLicence}, lang.Text{
		Zh: "请上传营业执照原件（正本或副本）的彩色照片或扫描件。电子营业执照请上传下载的 PDF。",
		Es: "Suba una foto o un escaneo en color de la licencia comercial original o de su duplicado oficial. Si la tiene en formato electrónico, suba el PDF descargado.",
		En: "Upload a colour photo or scan of the original business licence or its official duplicate. For an electronic licence, upload the PDF you downloaded.",
	}),
	gone(MissingTaxCertificate, []item.Key{item.TaxCertificate}, lang.Text{
		Zh: "请上传税务登记证。如果您的营业执照已换发为18位统一社会信用代码，请改填该代码，就不再需要此证。",
		Es: "Suba el certificado de registro fiscal. Si su licencia ya tiene el código unificado de 18 caracteres, escriba ese código y este certificado dejará de ser necesario.",
		En: "Upload the tax registration certificate. If your licence already carries the unified 18-character code, enter that code and this certificate is no longer needed.",
	}),
	gone(MissingOrgCodeCertificate, []item.Key{item.OrgCodeCertificate}, lang.Text{
		Zh: "请上传组织机构代码证。如果您的营业执照已换发为18位统一社会信用代码，请改填该代码，就不再需要此证。",
		Es: "Suba el certificado de código de organización. Si su licencia ya tiene el código unificado de 18 caracteres, escriba ese código y este certificado dejará de ser necesario.",
		En: "Upload the organisation code certificate. If your licence already carries the unified 18-character code, enter that code and this certificate is no longer needed.",
	}),
	gone(MissingLegalPersonFront, []item.Key{item.LegalPersonFront}, lang.Text{
		Zh: "请上传营业执照上所列法定代表人的身份证件，带照片的一面：彩色原件，四角完整。",
		Es: "Suba el documento de identidad del representante legal que figura en la licencia, por el lado de la foto: original en color, con las cuatro esquinas.",
		En: "Upload the identity document of the legal representative named on the licence, photo side: the original in colour, all four corners visible.",
	}),
	gone(MissingLegalPersonBack, []item.Key{item.LegalPersonBack}, lang.Text{
		Zh: "请上传法定代表人身份证件带国徽的一面，有效期限须清楚可见。",
		Es: "Suba el documento del representante legal por el lado del emblema nacional; el período de validez debe leerse bien.",
		En: "Upload the legal representative's identity document, emblem side; its period of validity must be readable.",
	}),
	gone(MissingAccountOpeningLicence, []item.Key{item.AccountOpeningLicence}, lang.Text{
		Zh: "请上传开户许可证。2019年起银行不再核发此证，您可改为上传开户银行出具的《基本存款账户信息》。",
		Es: "Suba la licencia de apertura de cuenta. Desde 2019 ya no se expide: en su lugar sirve la hoja «Información de la cuenta básica de depósito» (基本存款账户信息) que imprime su banco.",
		En: "Upload the account-opening licence. It has not been issued since 2019: the “basic deposit account information” (基本存款账户信息) that your bank prints does just as well.",
	}),
	gone(MissingField, otherFields, lang.Text{
		Zh: "请在表单中填写此项，内容须与您的证件一致。",
		Es: "Rellene este campo del formulario tal como figura en sus documentos.",
		En: "Fill in this field of the form as it stands on your documents.",
	}),
	{
		Code: R01, Sub: MissingProof, Targets: proofs, Machine: Person,
		Found: "a person sees that an exception is claimed and its proof is not there",
		zh: Wording{
			Title:    "缺少证明材料：{item}",
			What:     "您填写的信息属于需要证明的特殊情况，但尚未上传“{item}”。[审核时看到：{seen}。]",
			Fix:      "请上传由权利人签字或盖章的“{item}”；如果没有，请将相应信息改为您本人或本企业的信息。",
			Internal: "特殊情况缺少证明：{item}。[所见：{seen}。]",
		},
		es: Wording{
			Title:    "Falta un justificante: {item}",
			What:     "Lo que ha declarado es una excepción que requiere un justificante, y aún no hemos recibido «{item}».[ Lo que hemos visto: {seen}.]",
			Fix:      "Suba «{item}» con la firma o el sello de quien tiene el derecho. Si no puede obtenerlo, sustituya el dato por el suyo propio o el de su empresa.",
			Internal: "Excepción sin justificante: {item}.[ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Proof missing: {item}",
			What:     "What you entered is an exception that needs a proof, and we have not received the “{item}” yet.[ What we saw: {seen}.]",
			Fix:      "Upload the “{item}” signed or sealed by whoever holds the right. If you cannot get it, change the entry to your own or your company's.",
			Internal: "Exception without proof: {item}.[ Seen: {seen}.]",
		},
	},
	gone(MissingSite, siteParts, lang.Text{
		Zh: "请在网站登记页面补充此项，以便审核人员走完一次购买流程。测试账号须能直接登录，不需要短信验证码。",
		Es: "Complételo en la página de registro del sitio web, para que podamos recorrer una compra completa. La cuenta de prueba debe permitir entrar sin código por SMS.",
		En: "Supply it on the web site registration page, so that we can walk through a purchase. The test account must let us in without a text-message code.",
	}),
	{
		Code: R01, Sub: SameFile, Targets: twoSided, Machine: Certain,
		Found: "the slots of both sides hold the same file (SHA-256)",
		zh: Wording{
			Title:    "正反两面是同一张图片：{item}",
			What:     "“{item}”与另一面上传了同一个文件，因此其中一面仍然缺少。",
			Fix:      "请为“{item}”上传对应的一面。如果只是放错了位置，可一键交换两面。",
			Internal: "同一文件出现在正反两面：{item}。[另一位置：{expected}。]",
		},
		es: Wording{
			Title:    "La misma imagen en las dos caras: {item}",
			What:     "En «{item}» y en la otra cara se subió el mismo archivo, de modo que una de las dos sigue faltando.",
			Fix:      "Suba en «{item}» la cara que corresponde. Si solo están cambiadas de sitio, puede intercambiarlas con un clic.",
			Internal: "El mismo archivo en las dos caras: {item}.[ La otra ranura: {expected}.]",
		},
		en: Wording{
			Title:    "The same picture for both sides: {item}",
			What:     "The same file was uploaded for “{item}” and for the other side, so one of the two is still missing.",
			Fix:      "Upload the right side for “{item}”. If the two are merely in each other's place, one click swaps them.",
			Internal: "The same file in both sides' slots: {item}.[ Other slot: {expected}.]",
		},
	},
}

// gone is a row of R01 for an empty item, with a hint on how to supply it.
func gone(s Sub, targets []item.Key, how lang.Text) Entry {
	return Entry{
		Code: R01, Sub: s, Targets: targets, Machine: Certain,
		Found: "the policy's required items less its waivers, against what is there",
		zh: Wording{
			Title: "缺少：{item}", What: "我们没有收到“{item}”。其他已通过的内容无需重新提交。", Fix: how.Zh,
			Internal: "必填项为空：{item}。",
		},
		es: Wording{
			Title: "Falta: {item}", What: "No hemos recibido «{item}». Lo demás que ya está aceptado no hace falta enviarlo otra vez.", Fix: how.Es,
			Internal: "Dato obligatorio vacío: {item}.",
		},
		en: Wording{
			Title: "Missing: {item}", What: "We have not received the “{item}”. Whatever is already accepted need not be sent again.", Fix: how.En,
			Internal: "Required item is empty: {item}.",
		},
	}
}
