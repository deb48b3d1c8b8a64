package reason

import "alta/domain/item"

// contactHolder is R04: the contact and the document's holder are two people,
// or a name in the form is not the document's.
var contactHolder = []Entry{
	{
		Code: R04, Sub: Mismatch, Targets: []item.Key{item.ContactName}, Machine: Certain,
		Found: "form values: contact against the ID name or legal person, certain (spacing and width do not count); against the image, a person",
		zh: Wording{
			Title:    "联系人与证件持有人不一致",
			What:     "您填写的联系人[“{value}”]与证件持有人[“{expected}”]不是同一个人。",
			Fix:      "如属填写错误，请改为证件持有人（企业为法定代表人）的姓名和联系方式；如确由他人办理，请上传联系人授权书，并将其身份证件两面附在同一个 PDF 中。",
			Internal: "联系人与持证人不符：{item}。[填写：{value}。][证件：{expected}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "El contacto no es el titular del documento",
			What:     "La persona de contacto[ «{value}»] no es el titular del documento[ «{expected}»].",
			Fix:      "Si fue un error, ponga el nombre y los datos de contacto del titular (en una empresa, el representante legal). Si de verdad gestiona otra persona, suba su autorización junto con las dos caras de su documento de identidad en un mismo PDF.",
			Internal: "Contacto distinto del titular: {item}.[ Escrito: {value}.][ Documento: {expected}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Contact is not the document's holder",
			What:     "The contact person[ “{value}”] is not the holder of the document[ “{expected}”].",
			Fix:      "If this is a slip, enter the name and contact details of the holder (for a company, its legal representative). If somebody else really acts for you, upload a letter of authorisation together with both sides of their identity document in one PDF.",
			Internal: "Contact differs from holder: {item}.[ Entered: {value}.][ Document: {expected}.][ Seen: {seen}.]",
		},
	},
	{
		Code: R04, Sub: Holder, Targets: []item.Key{item.IdentityName, item.CompanyName}, Machine: Person,
		Found: "a person compares the name in the form with the document; read text is a hint",
		zh: Wording{
			Title:    "名称与证件不一致：{item}",
			What:     "您填写的“{item}”[为“{value}”]，与证件上的名称[“{seen}”]不一致。",
			Fix:      "请按证件逐字填写（空格和全角半角不影响，“有限公司”等字样不能省略）；如果传错了证件，请重新上传。",
			Internal: "名称与证件不符：{item}。[填写：{value}。][证件：{seen}。]",
		},
		es: Wording{
			Title:    "El nombre no coincide con el documento: {item}",
			What:     "Lo escrito en «{item}»[ («{value}»)] no coincide con el nombre del documento[ («{seen}»)].",
			Fix:      "Escríbalo exactamente como figura en el documento (los espacios no cuentan, pero «有限公司» y similares no se pueden omitir). Si subió un documento equivocado, suba el correcto.",
			Internal: "Nombre distinto del documento: {item}.[ Escrito: {value}.][ Documento: {seen}.]",
		},
		en: Wording{
			Title:    "Name differs from the document: {item}",
			What:     "The “{item}” you entered[ (“{value}”)] is not the name on the document[ (“{seen}”)].",
			Fix:      "Enter it exactly as on the document (spacing does not matter, but “有限公司” and the like must not be left out). If the wrong document was uploaded, upload the right one.",
			Internal: "Name differs from document: {item}.[ Entered: {value}.][ Document: {seen}.]",
		},
	},
}
