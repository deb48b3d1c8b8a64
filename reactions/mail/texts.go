package mail

import "alta/domain/application"

// wording is what a template says, before anything is filled in. A paragraph
// whose parameter is empty is left out.
type wording struct {
	subject text
	heading text
	body    []text
	facts   []wordedFact
	action  text // on the button
	after   []text
}

type wordedFact struct {
	label text
	param string
}

// Words that several letters share.
var (
	greeting      = text{"您好：", "Hola:", "Hello,"}
	greetingName  = text{"{name}，您好：", "Hola, {name}:", "Hello {name},"}
	labelNumber   = text{"商户号", "Número de comercio", "Merchant number"}
	labelUser     = text{"用户名", "Usuario", "User name"}
	labelDeadline = text{"截止时间", "Plazo", "Deadline"}
	labelAnswer   = text{"答复时限", "Respuesta a más tardar", "Answer by"}
	labelExpires  = text{"有效期至", "Válido hasta", "Valid until"}
	labelSigned   = text{"签署时间", "Fecha de firma", "Signed at"}
	labelDigest   = text{"合同摘要（SHA-256）", "Huella del contrato (SHA-256)", "Contract digest (SHA-256)"}
	labelValue    = text{"当前内容", "Valor actual", "Current value"}
	labelFix      = text{"如何更正", "Qué hacer", "What to do"}
	labelNote     = text{"审核人员留言", "Nota del revisor", "Reviewer's note"}
	labelBack     = text{"可撤销至", "Se puede deshacer hasta", "Can be taken back until"}
	labelWhen     = text{"时间", "Cuándo", "When"}
	labelKey      = text{"密钥", "Clave", "Key"}
	labelBrowser  = text{"浏览器", "Navegador", "Browser"}
	labelLeft     = text{"剩余恢复码", "Códigos de recuperación restantes", "Recovery codes left"}
	actionAccount = text{"查看我的账户", "Ver mi cuenta", "See my account"}
	// afterStranger ends every letter about a log-in.
	afterStranger = text{
		"如果不是您本人操作，请立即重设密码（登录页上的“忘记密码”），并与我们联系。重设密码会结束其他登录和所有 API 密钥。",
		"Si no ha sido usted, cambie la contraseña de inmediato (“¿Olvidó la contraseña?” en la página de inicio de sesión) y avísenos. Con la contraseña nueva se cierran las demás sesiones y dejan de servir todas las claves de API.",
		"If it was not you, set a new password at once (“Forgotten password” on the log-in page) and tell us. A new password ends every other session and every API key.",
	}
	labelLink     = text{"如果按钮无法打开，请把以下地址复制到浏览器：", "Si el botón no se abre, copie esta dirección en el navegador:", "If the button does not open, copy this address into your browser:"}
	actionStatus  = text{"查看申请进度", "Ver el estado de la solicitud", "See the application's status"}
	actionDeclare = text{"登记网站", "Registrar el sitio web", "Register the web site"}
	footer        = text{
		"本邮件由系统自动发送，请勿直接回复。我们绝不会通过邮件或电话向您索取密码或验证码。",
		"Este mensaje se envía automáticamente; no responda a él. Nunca le pediremos su contraseña ni un código por correo o por teléfono.",
		"This message was sent automatically; please do not reply. We never ask for your password or a code by e-mail or telephone.",
	}
)

// What comes next.
var (
	nextQualification = text{
		"接下来由我们审核您的资料，最迟于{deadline}前答复，您无需操作。",
		"Ahora revisamos su documentación y le responderemos a más tardar el {deadline}. No tiene que hacer nada.",
		"We now review your documents and answer by {deadline} at the latest. There is nothing you need to do.",
	}
	nextICP = text{
		"接下来由我们核验网站的ICP备案，最迟于{deadline}前完成，您无需操作。",
		"Ahora comprobamos el registro ICP de su sitio web, a más tardar el {deadline}. No tiene que hacer nada.",
		"We now check your web site's ICP filing, by {deadline} at the latest. There is nothing you need to do.",
	}
	nextWebsite = text{
		"接下来由我们审核您登记的网站，最迟于{deadline}前完成，请保持网站和测试账号可用。",
		"Ahora revisamos el sitio web que registró, a más tardar el {deadline}. Mantenga disponibles el sitio y la cuenta de prueba.",
		"We now review the web site that you registered, by {deadline} at the latest. Please keep the site and the test account working.",
	}
	nextDeclare = text{
		"接下来轮到您：请于{deadline}前登记网站，并提供测试账号和密码，以便我们走完一次购买流程。",
		"Ahora le toca a usted: registre su sitio web antes del {deadline} y facilite una cuenta de prueba con contraseña para que podamos recorrer una compra.",
		"Now it is your turn: register your web site by {deadline}, with a test account and password so that we can walk through a purchase.",
	}
	nextContract = text{
		"接下来我们会为您准备合同，最迟于{deadline}前发出，届时会再通知您签署。",
		"Ahora preparamos su contrato, a más tardar el {deadline}, y le avisaremos cuando pueda firmarlo.",
		"We now prepare your contract, by {deadline} at the latest, and will tell you when you can sign it.",
	}
)

// waiting says what a reminder is about.
func waiting(s application.State) text {
	switch s.Stage {
	case application.Signature:
		return text{"合同正在等您签署。", "El contrato espera su firma.", "The contract is waiting for your signature."}
	case application.Website:
		return text{"我们正在等您登记网站并提供测试账号。", "Estamos esperando que registre su sitio web y una cuenta de prueba.", "We are waiting for you to register your web site and a test account."}
	}
	return text{"我们退回的事项还没有重新提交。", "Las correcciones que le pedimos aún no se han vuelto a enviar.", "The corrections that we asked for have not been resubmitted yet."}
}

var wordings = map[Template]wording{
	Activation: {
		subject: text{"激活您的账号", "Active su cuenta de Alta", "Activate your Alta account"},
		heading: text{"欢迎，请激活账号", "Le damos la bienvenida: active su cuenta", "Welcome: activate your account"},
		body: []text{
			{"账号已经建立，请点击下方按钮设置密码。", "Su cuenta está creada. Pulse el botón para elegir una contraseña.", "Your account has been opened. Use the button to set a password."},
			{
				"之后即可为商户号 {number} 填写资料、上传证件。",
				"Después podrá completar los datos y subir los documentos del comercio {number}.",
				"Then you can fill in the details and upload the documents of merchant {number}.",
			},
		},
		facts:  []wordedFact{{labelNumber, "number"}, {labelUser, "user"}, {labelExpires, "expires"}},
		action: text{"设置密码并激活", "Elegir contraseña y activar", "Set a password and activate"},
		after: []text{{
			"该链接只能使用一次。如果不是您本人注册，请忽略本邮件，账号不会被激活。",
			"El enlace solo sirve una vez. Si no se ha registrado usted, ignore este mensaje y la cuenta no se activará.",
			"The link works once. If you did not register, ignore this message and the account will stay inactive.",
		}},
	},
	Reset: {
		subject: text{"重新设置密码", "Elija una contraseña nueva", "Set a new password"},
		heading: text{"重新设置密码", "Elija una contraseña nueva", "Set a new password"},
		body: []text{{
			"我们收到了重设该账号密码的请求。请点击下方按钮设置新密码。",
			"Hemos recibido una petición para cambiar la contraseña de esta cuenta. Pulse el botón para elegir una nueva.",
			"Somebody asked to reset the password of this account. Use the button to set a new one.",
		}},
		facts:  []wordedFact{{labelUser, "user"}, {labelExpires, "expires"}},
		action: text{"设置新密码", "Elegir contraseña nueva", "Set a new password"},
		after: []text{{
			"该链接只能使用一次。如果不是您本人操作，请忽略本邮件，密码保持不变。",
			"El enlace solo sirve una vez. Si no lo ha pedido usted, ignore este mensaje: la contraseña no cambia.",
			"The link works once. If it was not you, ignore this message: your password stays as it is.",
		}},
	},
	Submitted: {
		subject: text{"已收到您的申请（{number}）", "Hemos recibido su solicitud ({number})", "We have received your application ({number})"},
		heading: text{"申请已收到", "Solicitud recibida", "Application received"},
		body: []text{{
			"您的资料已经提交，正在审核。结果会通过邮件通知您，此期间您无需操作。",
			"Su documentación está entregada y en revisión. Le comunicaremos el resultado por correo; mientras tanto no tiene que hacer nada.",
			"Your documents are with us and being reviewed. We will tell you the result by e-mail; until then there is nothing you need to do.",
		}},
		facts:  []wordedFact{{labelAnswer, "deadline"}},
		action: actionStatus,
	},
	Returned: {
		subject: text{"请更正 {count} 项内容（{number}）", "Puntos por corregir en su solicitud: {count} ({number})", "Please correct your application: {count} to fix ({number})"},
		heading: text{"有内容需要您更正", "Hay puntos por corregir", "Some things need to be put right"},
		body: []text{{
			"我们审核了您的申请，以下内容需要更正。只有这些项目开放修改，其余内容均已保留。",
			"Hemos revisado su solicitud y hay que corregir lo siguiente. Solo estos puntos están abiertos; todo lo demás se conserva.",
			"We have reviewed your application, and the following needs to be put right. Only these items are open for changes; everything else is kept.",
		}},
		facts:  []wordedFact{{labelDeadline, "deadline"}},
		action: text{"开始更正", "Corregir ahora", "Correct it now"},
	},
	Resubmitted: {
		subject: text{"已收到您的更正（{number}）", "Hemos recibido sus correcciones ({number})", "We have received your corrections ({number})"},
		heading: text{"更正已收到", "Correcciones recibidas", "Corrections received"},
		body:    []text{{"谢谢，您的更正已经提交。", "Gracias, sus correcciones están entregadas.", "Thank you, your corrections are with us."}},
		action:  actionStatus,
	},
	Qualified: {
		subject: text{"资质审核已通过（{number}）", "Documentación aprobada ({number})", "Your documents are approved ({number})"},
		heading: text{"资质审核已通过", "Documentación aprobada", "Documents approved"},
		body:    []text{{"您的资料和证件已审核通过。", "Sus datos y documentos están aprobados.", "Your details and documents have been approved."}},
		action:  actionStatus,
	},
	ICPVerified: {
		subject: text{"ICP备案核验已通过（{number}）", "Registro ICP comprobado ({number})", "Your ICP filing is verified ({number})"},
		heading: text{"ICP备案核验已通过", "Registro ICP comprobado", "ICP filing verified"},
		body:    []text{{"您网站的ICP备案已核验无误。", "El registro ICP de su sitio web es correcto.", "Your web site's ICP filing is in order."}},
		action:  actionStatus,
	},
	SiteApproved: {
		subject: text{"网站审核已通过（{number}）", "Sitio web aprobado ({number})", "Your web site is approved ({number})"},
		heading: text{"网站审核已通过", "Sitio web aprobado", "Web site approved"},
		body: []text{{
			"我们走完了您网站的购买流程，审核通过。现在可以更改测试账号的密码了。",
			"Hemos recorrido una compra en su sitio y está aprobado. Ya puede cambiar la contraseña de la cuenta de prueba.",
			"We walked through a purchase on your site, and it is approved. You may now change the test account's password.",
		}},
		action: actionStatus,
	},
	Offered: {
		subject: text{"合同待签署（{number}）", "Su contrato está listo para firmar ({number})", "Your contract is ready to sign ({number})"},
		heading: text{"合同待您签署", "Contrato listo para firmar", "Contract ready to sign"},
		body: []text{{
			"请在有效期内阅读并签署合同。签署时，我们会另行发送一次性验证码。逾期后需要重新出具合同。",
			"Lea el contrato y fírmelo dentro del plazo. Al firmar le enviaremos un código de un solo uso. Pasado el plazo habrá que emitirlo de nuevo.",
			"Please read the contract and sign it in time. When you sign, we send a one-time code. Once it has run out, the contract has to be offered anew.",
		}},
		facts:  []wordedFact{{labelExpires, "expires"}},
		action: text{"阅读并签署合同", "Leer y firmar el contrato", "Read and sign the contract"},
	},
	TakenBack: {
		subject: text{"合同已收回（{number}）", "Hemos retirado el contrato ({number})", "We have taken the contract back ({number})"},
		heading: text{"合同已收回，请先不要签署", "Hemos retirado el contrato: no lo firme todavía", "The contract is taken back: do not sign it yet"},
		body: []text{{
			"在您签署之前，我们还需要再核对一些信息，因此收回了合同。我们将于{deadline}前处理，届时会再通知您，您现在无需操作。",
			"Antes de que firme tenemos que comprobar algo más y por eso hemos retirado el contrato. Lo haremos a más tardar el {deadline} y le avisaremos. No tiene que hacer nada.",
			"Before you sign, there is something that we have to check again, so we have taken the contract back. We do so by {deadline} at the latest and will tell you. There is nothing you need to do.",
		}},
		action: actionStatus,
	},
	Lapsed: {
		subject: text{"合同已过有效期（{number}）", "El plazo para firmar ha terminado ({number})", "The time to sign has run out ({number})"},
		heading: text{"合同已过有效期，未签署", "El contrato ha vencido sin firma", "The contract ran out unsigned"},
		body: []text{{
			"签署期限已过。我们将于{deadline}前重新出具合同，届时会再通知您，您现在无需操作。",
			"El plazo para firmar ha pasado. Le enviaremos un contrato nuevo a más tardar el {deadline} y le avisaremos. No tiene que hacer nada.",
			"The time to sign has passed. We prepare a new contract by {deadline} at the latest and will tell you. There is nothing you need to do.",
		}},
		facts:  []wordedFact{{labelExpires, "expires"}},
		action: actionStatus,
	},
	Signed: {
		subject: text{"您已签署合同（{number}）", "Ha firmado el contrato ({number})", "You have signed the contract ({number})"},
		heading: text{"合同已签署", "Contrato firmado", "Contract signed"},
		body: []text{{
			"我们已收到您的签署，现由平台会签。您可以随时登录查看和下载合同副本。",
			"Hemos recibido su firma; ahora firma la plataforma. Puede consultar y descargar su copia cuando quiera.",
			"We have your signature; the platform signs next. You can see and download your copy at any time.",
		}},
		facts:  []wordedFact{{labelSigned, "signed"}, {labelDigest, "sha256"}},
		action: text{"查看合同", "Ver el contrato", "See the contract"},
		after: []text{{
			"如果不是您本人签署，请立即与我们联系。",
			"Si no ha firmado usted, póngase en contacto con nosotros de inmediato.",
			"If it was not you who signed, please contact us at once.",
		}},
	},
	Active: {
		subject: text{"商户已开通（{number}）", "Su comercio está activo ({number})", "Your merchant account is active ({number})"},
		heading: text{"恭喜，可以收款了", "Ya puede cobrar", "You can take payments now"},
		body:    []text{{"全部审核和签约均已完成，您的商户已开通。", "Las revisiones y el contrato están completos y su comercio está activo.", "All reviews and the contract are complete, and your merchant account is active."}},
		action:  text{"查看商户", "Ver el comercio", "See the merchant account"},
	},
	Withdrawn: {
		subject: text{"申请已撤回（{number}）", "Solicitud retirada ({number})", "Application withdrawn ({number})"},
		heading: text{"申请已撤回", "Solicitud retirada", "Application withdrawn"},
		body: []text{{
			"我们已按您的要求撤回申请。填写的内容仍然保留，您可以随时重新开始。",
			"Hemos retirado la solicitud como pidió. Lo que rellenó se conserva y puede retomarla cuando quiera.",
			"We have withdrawn the application as you asked. What you filled in is kept, and you can take it up again at any time.",
		}},
		action: text{"查看申请", "Ver la solicitud", "See the application"},
	},
	Declined: {
		subject: text{"申请结果通知（{number}）", "Resultado de su solicitud ({number})", "Result of your application ({number})"},
		heading: text{"很抱歉，我们无法通过您的申请", "No podemos aceptar su solicitud", "We cannot accept your application"},
		body: []text{
			{"经两位工作人员分别审核，我们决定不予通过。", "Dos personas la han examinado por separado y hemos decidido no aceptarla.", "Two people examined it separately, and we decided not to accept it."},
			{"原因：{note}", "Motivo: {note}", "Reason: {note}"},
		},
		action: text{"查看结果", "Ver el resultado", "See the result"},
		after: []text{{
			"如果您认为结果有误，可以要求我们重新审视并说明理由。",
			"Si cree que hay un error, puede pedirnos que lo revisemos y que se lo expliquemos.",
			"If you think this is a mistake, you can ask us to look again and to explain.",
		}},
	},
	Expired: {
		subject: text{"申请已失效（{number}）", "Solicitud caducada ({number})", "Application expired ({number})"},
		heading: text{"申请已失效", "Solicitud caducada", "Application expired"},
		body: []text{{
			"我们很久没有收到您的答复，申请已经失效。如果仍需开通，请重新申请。",
			"Hace tiempo que no tenemos noticias suyas y la solicitud ha caducado. Si aún desea la cuenta, presente una nueva.",
			"We have not heard from you for a long time, and the application has expired. If you still want the account, please apply again.",
		}},
		action: text{"查看申请", "Ver la solicitud", "See the application"},
	},
	Reminder: {
		subject: text{"提醒：还剩 {days} 天（{number}）", "Recordatorio: días restantes, {days} ({number})", "Reminder: days left, {days} ({number})"},
		heading: text{"提醒：截止时间临近", "El plazo se acerca", "The deadline is near"},
		facts:   []wordedFact{{labelDeadline, "deadline"}},
		action:  text{"继续办理", "Continuar", "Continue"},
	},
	AgentAdded: {
		subject: text{"代理商为您建立了申请（{number}）", "Un agente ha abierto una solicitud para usted ({number})", "An agent opened an application for you ({number})"},
		heading: text{"是否继续由您决定", "Usted decide", "It is for you to decide"},
		body: []text{{
			"一家代理商为您建立了开户申请，可以代您填写资料和上传证件。只有您本人可以同意条款和签署合同。如果不需要，您可以在申请页面撤回。",
			"Un agente ha abierto una solicitud para usted y puede rellenar los datos y subir los documentos. Solo usted puede aceptar los textos y firmar el contrato. Si no la quiere, retírela en la página de la solicitud.",
			"An agent opened an application for you, and may fill in details and upload documents. Only you can agree to the texts and sign the contract. If you do not want it, withdraw it on the application's page.",
		}},
		action: text{"查看申请", "Ver la solicitud", "See the application"},
	},
	Restricted: {
		subject: text{"您的数据已停止处理（{number}）", "Sus datos están bloqueados ({number})", "Your data are locked ({number})"},
		heading: text{"数据已封存", "Datos bloqueados", "Data locked"},
		body: []text{
			{
				"您本人要求删除数据，我们已停止处理该申请。申请不再出现在任何列表和页面中；数据在法律要求的期限届满后销毁。",
				"Usted pidió en persona que se borren sus datos y hemos dejado de tratar la solicitud. Ya no aparece en ninguna lista ni página; los datos se destruirán cuando la ley lo permita.",
				"You asked in person to have your data erased, and we have stopped processing the application. It is in no list and on no page any more; the data are destroyed as soon as the law allows.",
			},
			{
				"如果您改变主意，可以在以下时间之前撤销；此前不会销毁任何数据。",
				"Si cambia de idea, puede deshacerlo hasta el momento indicado; antes no se destruye nada.",
				"If you change your mind, you can take it back until the time stated; nothing is destroyed before.",
			},
		},
		facts:  []wordedFact{{labelNumber, "number"}, {labelWhen, "when"}, {labelBack, "back"}},
		action: text{"查看或撤销", "Ver o deshacer", "See it or take it back"},
		after:  []text{afterStranger},
	},
	RestrictionLifted: {
		subject: text{"您的申请已恢复（{number}）", "Su solicitud sigue adelante ({number})", "Your application goes on ({number})"},
		heading: text{"申请已恢复", "La solicitud sigue adelante", "The application goes on"},
		body: []text{{
			"您本人撤销了删除请求，申请已恢复到原来的状态，期限也已相应顺延。",
			"Usted retiró en persona la petición de borrado. La solicitud continúa donde estaba y los plazos se han aplazado en consecuencia.",
			"You took the request for erasure back in person. The application goes on where it stood, and its deadlines have moved accordingly.",
		}},
		facts:  []wordedFact{{labelNumber, "number"}, {labelWhen, "when"}},
		action: text{"查看申请", "Ver la solicitud", "See the application"},
		after:  []text{afterStranger},
	},
	PasswordChanged: {
		subject: text{"您的密码已更改", "Se ha cambiado su contraseña", "Your password was changed"},
		heading: text{"密码已更改", "Contraseña cambiada", "Password changed"},
		body: []text{{
			"您账户的密码已更改。其他登录和所有 API 密钥均已失效。",
			"Se ha cambiado la contraseña de su cuenta. Las demás sesiones se han cerrado y las claves de API ya no sirven.",
			"The password of your account was changed. Every other session and every API key has ended.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	KeyIssued: {
		subject: text{"已签发新的 API 密钥", "Se ha emitido una clave de API", "A new API key was issued"},
		heading: text{"新的 API 密钥", "Clave de API nueva", "New API key"},
		body: []text{{
			"您的账户签发了一个新的 API 密钥，持有该密钥的服务器可以代表您调用接口。",
			"Se ha emitido una clave de API en su cuenta. El servidor que la tenga puede usar la interfaz en su nombre.",
			"An API key was issued in your account. A server that has it can use the interface in your name.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}, {labelKey, "key"}, {labelExpires, "expires"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	CodesChanged: {
		subject: text{"一次性验证码已设置", "Se han configurado los códigos de un solo uso", "One-time codes were set up"},
		heading: text{"一次性验证码已设置", "Códigos de un solo uso configurados", "One-time codes set up"},
		body: []text{{
			"您的账户已设置新的一次性验证码，以前的验证码和恢复码不再有效。今后每次登录都需要验证码。",
			"En su cuenta se han configurado códigos de un solo uso nuevos. Los anteriores y sus códigos de recuperación ya no sirven. Hará falta un código en cada inicio de sesión.",
			"New one-time codes were set up in your account. Earlier ones and their recovery codes no longer work. A code is needed at every log-in.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	CodesRemoved: {
		subject: text{"一次性验证码已停用", "Se han retirado los códigos de un solo uso", "One-time codes were removed"},
		heading: text{"一次性验证码已停用", "Códigos de un solo uso retirados", "One-time codes removed"},
		body: []text{{
			"您账户的一次性验证码和恢复码已停用。",
			"Los códigos de un solo uso y de recuperación de su cuenta se han retirado.",
			"The one-time codes and recovery codes of your account were removed.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	RecoveryCodeUsed: {
		subject: text{"有人使用了您的恢复码", "Se ha usado un código de recuperación", "A recovery code was used"},
		heading: text{"恢复码已使用", "Código de recuperación usado", "Recovery code used"},
		body: []text{{
			"您的一个恢复码已被使用，该恢复码不能再用。",
			"Se ha usado uno de sus códigos de recuperación; ya no sirve.",
			"One of your recovery codes was used; it does not work any more.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}, {labelLeft, "left"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	RecoveryCodesNew: {
		subject: text{"已生成新的恢复码", "Se han creado códigos de recuperación nuevos", "New recovery codes were made"},
		heading: text{"新的恢复码", "Códigos de recuperación nuevos", "New recovery codes"},
		body: []text{{
			"您的账户已生成新的恢复码，以前的恢复码不再有效。",
			"En su cuenta se han creado códigos de recuperación nuevos. Los anteriores ya no sirven.",
			"New recovery codes were made for your account. Earlier ones no longer work.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}, {labelLeft, "left"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	NewDevice: {
		subject: text{"您的账户在新设备上登录", "Inicio de sesión en un dispositivo nuevo", "Log-in on a new device"},
		heading: text{"新设备登录", "Inicio de sesión en un dispositivo nuevo", "Log-in on a new device"},
		body: []text{{
			"您的账户在一个以前没有使用过的浏览器上登录。",
			"Se ha iniciado sesión en su cuenta con un navegador que no se había usado antes.",
			"Somebody logged in to your account with a browser that was not used before.",
		}},
		facts:  []wordedFact{{labelWhen, "when"}, {labelBrowser, "device"}},
		action: actionAccount,
		after:  []text{afterStranger},
	},
	SigningCode: {
		subject: text{"合同签署验证码", "Código para firmar el contrato", "Your code to sign the contract"},
		heading: text{"签署验证码", "Código de firma", "Signing code"},
		body: []text{{
			"请在签署页面输入以下验证码，即表示签署商户号 {number} 的合同。",
			"Introduzca este código en la página de firma para firmar el contrato del comercio {number}.",
			"Enter this code on the signing page to sign the contract of merchant {number}.",
		}},
		facts: []wordedFact{{labelExpires, "expires"}},
		after: []text{{
			"请勿将验证码告诉任何人。如果您没有在签署合同，请忽略本邮件。",
			"No comparta el código con nadie. Si no está firmando un contrato, ignore este mensaje.",
			"Do not share the code with anybody. If you are not signing a contract, ignore this message.",
		}},
	},
}
