package reason

import "alta/domain/item"

// accountHolder is R06: the settlement account is in another name.
var accountHolder = []Entry{
	{
		Code: R06, Sub: Mismatch, Targets: []item.Key{item.BankHolder}, Machine: Certain,
		Found: "form values: holder against the ID name or the company, certain; against the image, a person",
		zh: Wording{
			Title:    "结算账户户名与证件不一致",
			What:     "结算账户的户名[“{value}”]与证件上的名称[“{expected}”]不一致。",
			Fix:      "请改用您本人（企业为本企业）名下的账户，或更正户名；如须使用他人账户，请上传账户所有人签署的结算账户授权书。",
			Internal: "户名与持证人不符：{item}。[填写：{value}。][证件：{expected}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "El titular de la cuenta no coincide con el documento",
			What:     "El titular de la cuenta de liquidación[ («{value}»)] no es el nombre del documento[ («{expected}»)].",
			Fix:      "Use una cuenta a su nombre (si es una empresa, a nombre de la empresa) o corrija el titular. Si necesita usar la cuenta de otra persona, suba la autorización firmada por ella.",
			Internal: "Titular de la cuenta distinto: {item}.[ Escrito: {value}.][ Documento: {expected}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Account holder differs from the document",
			What:     "The holder of the settlement account[ (“{value}”)] is not the name on the document[ (“{expected}”)].",
			Fix:      "Use an account in your own name (for a company, the company's) or correct the holder. If you need to use somebody else's account, upload the authorisation they signed.",
			Internal: "Account holder differs: {item}.[ Entered: {value}.][ Document: {expected}.][ Seen: {seen}.]",
		},
	},
}

// accountNumber is R07: the settlement account in the form is not the one on the
// card or licence.
var accountNumber = []Entry{
	{
		Code: R07, Sub: Mismatch, Targets: []item.Key{item.BankNumber}, Machine: Suspicion,
		Found: "a personal card's checksum (Luhn) is a hint; read text, suspicion; a person confirms",
		zh: Wording{
			Title:    "结算账号与银行凭证不一致",
			What:     "您填写的结算账号[ {value} ]与银行卡或开户凭证上的号码[（{seen}）]不一致。",
			Fix:      "请对照银行卡或开户凭证更正账号；如果上传的是另一张卡，请上传与账号相符的凭证。",
			Internal: "账号与凭证不符：{item}。[填写：{value}。][凭证：{seen}。]",
		},
		es: Wording{
			Title:    "El número de cuenta no coincide con el justificante",
			What:     "El número de la cuenta de liquidación[ {value}] no es el de la tarjeta o el justificante bancario[ ({seen})].",
			Fix:      "Corrija el número mirando la tarjeta o el justificante; si subió el de otra cuenta, suba el que corresponde a este número.",
			Internal: "Número de cuenta distinto del justificante: {item}.[ Escrito: {value}.][ Justificante: {seen}.]",
		},
		en: Wording{
			Title:    "Account number differs from the bank's document",
			What:     "The settlement account number[ {value}] is not the one on the bank card or account document[ ({seen})].",
			Fix:      "Correct the number by the card or document; if you uploaded another account's, upload the one that belongs to this number.",
			Internal: "Account number differs from document: {item}.[ Entered: {value}.][ Document: {seen}.]",
		},
	},
	{
		Code: R07, Sub: Bank, Targets: []item.Key{item.BankCode, item.BankBranch}, Machine: Certain,
		Found: "form of the CNAPS code and its bank digits against the chosen bank; against the image, a person",
		zh: Wording{
			Title:    "开户银行信息有误：{item}",
			What:     "“{item}”[（{value}）]与账户的开户银行[（{seen}）]不相符。",
			Fix:      "请按银行卡或开户凭证选择银行，并填写开户支行的12位联行号；可致电开户银行客服查询。",
			Internal: "开户行信息不符：{item}。[填写：{value}。][所见：{seen}。]",
		},
		es: Wording{
			Title:    "Datos del banco incorrectos: {item}",
			What:     "«{item}»[ ({value})] no corresponde al banco de la cuenta[ ({seen})].",
			Fix:      "Elija el banco que figura en la tarjeta o el justificante y escriba el código CNAPS de 12 cifras de su sucursal; el banco se lo facilita por teléfono.",
			Internal: "Datos del banco incorrectos: {item}.[ Escrito: {value}.][ Visto: {seen}.]",
		},
		en: Wording{
			Title:    "Bank details not right: {item}",
			What:     "The “{item}”[ ({value})] does not belong to the account's bank[ ({seen})].",
			Fix:      "Choose the bank on the card or account document and enter your branch's 12-digit CNAPS code; the bank's hotline can tell you.",
			Internal: "Bank details wrong: {item}.[ Entered: {value}.][ Seen: {seen}.]",
		},
	},
}
