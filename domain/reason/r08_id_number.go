package reason

import "alta/domain/item"

// idNumber is R08: a number that identifies a person or a company is wrong.
var idNumber = []Entry{
	{
		Code: R08, Sub: Mismatch, Machine: Suspicion,
		Targets: []item.Key{item.IdentityType, item.IdentityNumber, item.CompanyLicence, item.CompanyTaxNumber, item.CompanyOrgCode},
		Found:   "read text, suspicion; a person compares with the document",
		zh: Wording{
			Title:    "与证件不一致：{item}",
			What:     "您填写的“{item}”[（{value}）]与证件上的[（{seen}）]不一致。",
			Fix:      "请对照证件逐位核对并更正；如果传错了证件，请重新上传。",
			Internal: "与证件不符：{item}。[填写：{value}。][证件：{seen}。]",
		},
		es: Wording{
			Title:    "No coincide con el documento: {item}",
			What:     "«{item}»[ ({value})] no coincide con lo que figura en el documento[ ({seen})].",
			Fix:      "Compárelo cifra por cifra con el documento y corríjalo; si subió un documento equivocado, suba el correcto.",
			Internal: "Distinto del documento: {item}.[ Escrito: {value}.][ Documento: {seen}.]",
		},
		en: Wording{
			Title:    "Differs from the document: {item}",
			What:     "The “{item}”[ ({value})] is not what the document says[ ({seen})].",
			Fix:      "Compare it with the document digit by digit and correct it; if the wrong document was uploaded, upload the right one.",
			Internal: "Differs from document: {item}.[ Entered: {value}.][ Document: {seen}.]",
		},
	},
	{
		Code: R08, Sub: Malformed, Machine: Certain,
		Targets: []item.Key{item.IdentityNumber, item.CompanyLicence, item.CompanyTaxNumber, item.CompanyOrgCode},
		Found:   "length, alphabet, date and check digit, where the number has them",
		zh: Wording{
			Title:    "号码有误：{item}",
			What:     "“{item}”[（{value}）]不是可能存在的号码，很可能有一位输错了[：{seen}]。",
			Fix:      "请对照证件逐位核对后重新填写。居民身份证号为18位，最后一位可能是 X；统一社会信用代码为18位，不含字母 I、O、S、V、Z。",
			Internal: "号码格式或校验不符：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "Número incorrecto: {item}",
			What:     "«{item}»[ ({value})] no es un número posible; seguramente hay una cifra equivocada[: {seen}].",
			Fix:      "Cópielo otra vez del documento, cifra por cifra. El documento de residente tiene 18 caracteres y puede acabar en X; el código unificado de empresa tiene 18 y nunca lleva I, O, S, V ni Z.",
			Internal: "Formato o dígito de control incorrecto: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Number not possible: {item}",
			What:     "The “{item}”[ ({value})] cannot be a real number; most likely one character is wrong[: {seen}].",
			Fix:      "Copy it from the document again, digit by digit. A resident ID number has 18 characters and may end in X; a company's unified code has 18 and never an I, O, S, V or Z.",
			Internal: "Form or check digit wrong: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R08, Sub: Duplicate, Machine: Certain,
		Targets: []item.Key{item.IdentityNumber, item.CompanyLicence},
		Found:   "the blind index finds the number at another merchant; whether that is lawful is for a person",
		zh: Wording{
			Title:    "号码已被使用：{item}",
			What:     "“{item}”[（{value}）]已用于另一项商户登记。",
			Fix:      "请核对号码是否输错。如果号码无误，请联系客服说明情况：可能您已有账户，或有人使用了您的证件。",
			Internal: "与其他商户号码重复：{item}。[填写：{value}。]切勿向商户透露对方信息。",
		},
		es: Wording{
			Title:    "Número ya utilizado: {item}",
			What:     "«{item}»[ ({value})] ya figura en otro registro de comerciante.",
			Fix:      "Compruebe si hay un error al escribirlo. Si es correcto, contacte con nosotros: quizá ya tiene una cuenta, o alguien ha usado su documento.",
			Internal: "Número repetido en otro comerciante: {item}.[ Escrito: {value}.] No revele nada del otro comerciante.",
		},
		en: Wording{
			Title:    "Number already in use: {item}",
			What:     "The “{item}”[ ({value})] is already part of another merchant's registration.",
			Fix:      "Check it for a slip. If it is right, contact us: you may already have an account, or somebody may have used your document.",
			Internal: "Duplicate across merchants: {item}.[ Entered: {value}.] Disclose nothing about the other merchant.",
		},
	},
}
