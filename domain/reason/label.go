package reason

import (
	"alta/domain/item"
	"alta/domain/lang"
)

// ItemLabel names an item as people of the language call it; an item that this
// version does not know is named by its key.
func ItemLabel(k item.Key, l lang.Lang) string {
	if t, ok := labels[k]; ok {
		return t.In(l)
	}
	return string(k)
}

var labels = map[item.Key]lang.Text{
	item.IdentityName:      {Zh: "证件姓名", Es: "nombre según el documento de identidad", En: "name on the identity document"},
	item.IdentityType:      {Zh: "证件类型", Es: "tipo de documento de identidad", En: "type of identity document"},
	item.IdentityNumber:    {Zh: "证件号码", Es: "número del documento de identidad", En: "identity document number"},
	item.IdentityValidFrom: {Zh: "证件有效期起始日", Es: "inicio de validez del documento de identidad", En: "start of the identity document's validity"},
	item.IdentityValidTo:   {Zh: "证件有效期截止日", Es: "fin de validez del documento de identidad", En: "end of the identity document's validity"},

	item.CompanyName:      {Zh: "企业名称", Es: "nombre de la empresa", En: "company name"},
	item.CompanyLicence:   {Zh: "统一社会信用代码（营业执照号码）", Es: "número de la licencia comercial", En: "business licence number"},
	item.CompanyTaxNumber: {Zh: "税务登记号", Es: "número de registro fiscal", En: "tax registration number"},
	item.CompanyOrgCode:   {Zh: "组织机构代码", Es: "código de organización", En: "organisation code"},
	item.CompanyAddress:   {Zh: "企业注册地址", Es: "domicilio social de la empresa", En: "company's registered address"},

	item.ContactName:    {Zh: "联系人姓名", Es: "nombre de la persona de contacto", En: "contact person's name"},
	item.ContactMobile:  {Zh: "联系人手机号", Es: "móvil de contacto", En: "contact mobile number"},
	item.ContactEmail:   {Zh: "联系人邮箱", Es: "correo electrónico de contacto", En: "contact e-mail address"},
	item.ContactPhone:   {Zh: "客服电话", Es: "teléfono de atención al cliente", En: "customer service phone"},
	item.ContactAddress: {Zh: "联系地址", Es: "dirección de contacto", En: "contact address"},

	item.BankHolder: {Zh: "结算账户户名", Es: "titular de la cuenta de liquidación", En: "settlement account holder"},
	item.BankNumber: {Zh: "结算账号", Es: "número de la cuenta de liquidación", En: "settlement account number"},
	item.BankCode:   {Zh: "开户银行", Es: "banco de la cuenta de liquidación", En: "bank of the settlement account"},
	item.BankBranch: {Zh: "开户支行联行号", Es: "código CNAPS de la sucursal bancaria", En: "bank branch's CNAPS code"},

	item.SiteDomain:    {Zh: "网站域名", Es: "dominio del sitio web", En: "web site domain"},
	item.SiteICPNumber: {Zh: "ICP备案号", Es: "número de registro ICP", En: "ICP filing number"},

	item.SiteURL:         {Zh: "网站地址", Es: "dirección del sitio web", En: "web site address"},
	item.SiteTestAccount: {Zh: "测试账号和密码", Es: "cuenta y contraseña de prueba", En: "test account and password"},
	item.SiteContact:     {Zh: "网站上的联系方式", Es: "datos de contacto en el sitio web", En: "contact details on the web site"},
	item.SiteCompany:     {Zh: "网站上的主体信息", Es: "datos del titular en el sitio web", En: "operator's details on the web site"},
	item.SiteContent:     {Zh: "网站上的商品或服务", Es: "bienes o servicios del sitio web", En: "goods or services on the web site"},
	item.SiteDisplay:     {Zh: "网站页面显示", Es: "visualización del sitio web", En: "display of the web site"},
	item.SitePurchase:    {Zh: "网站购买流程", Es: "proceso de compra del sitio web", En: "purchase flow of the web site"},
	item.SiteTerms:       {Zh: "网站条款（服务、退款、隐私）", Es: "condiciones, reembolsos y privacidad del sitio web", En: "terms, refund and privacy texts of the web site"},

	item.IDCardFront: {Zh: "身份证件人像面", Es: "documento de identidad, lado de la foto", En: "identity document, photo side"},
	item.IDCardBack:  {Zh: "身份证件国徽面", Es: "documento de identidad, lado del emblema", En: "identity document, emblem side"},
	item.BankFront:   {Zh: "银行卡正面", Es: "tarjeta bancaria, anverso", En: "bank card, front"},
	item.BankBack:    {Zh: "银行卡背面", Es: "tarjeta bancaria, reverso", En: "bank card, back"},

	item.BusinessLicence:       {Zh: "营业执照", Es: "licencia comercial", En: "business licence"},
	item.TaxCertificate:        {Zh: "税务登记证", Es: "certificado de registro fiscal", En: "tax registration certificate"},
	item.OrgCodeCertificate:    {Zh: "组织机构代码证", Es: "certificado de código de organización", En: "organisation code certificate"},
	item.LegalPersonFront:      {Zh: "法定代表人证件人像面", Es: "documento del representante legal, lado de la foto", En: "legal representative's identity document, photo side"},
	item.LegalPersonBack:       {Zh: "法定代表人证件国徽面", Es: "documento del representante legal, lado del emblema", En: "legal representative's identity document, emblem side"},
	item.AccountOpeningLicence: {Zh: "开户许可证（或基本存款账户信息）", Es: "licencia de apertura de cuenta (o datos de la cuenta básica de depósito)", En: "account-opening licence (or basic deposit account information)"},

	item.AuthorisationContact:    {Zh: "联系人授权书", Es: "autorización de la persona de contacto", En: "letter of authorisation for the contact person"},
	item.AuthorisationSite:       {Zh: "域名使用授权书", Es: "autorización de uso del dominio", En: "letter of authorisation for the domain"},
	item.AuthorisationSettlement: {Zh: "结算账户授权书", Es: "autorización de la cuenta de liquidación", En: "letter of authorisation for the settlement account"},
	item.DomainCertificate:       {Zh: "域名证书", Es: "certificado del dominio", En: "domain certificate"},
}
