package reason

// wrongSlot is R02: a good document in the wrong place. Where two sides are
// swapped one click is enough.
var wrongSlot = []Entry{
	{
		Code: R02, Sub: BelongsElsewhere, Targets: slots, Machine: Suspicion,
		Found: "same hash in another slot, aspect ratio, read text where present; a person confirms",
		zh: Wording{
			Title:    "上传位置有误：{item}",
			What:     "“{item}”处上传的不是该项材料[，看起来是“{seen}”][，应放在“{expected}”处]。",
			Fix:      "请在“{item}”处上传正确的材料；系统若提示移动，点一下即可把现有文件放到正确的位置。",
			Internal: "位置错误：{item}。[所见：{seen}。][应在：{expected}。]",
		},
		es: Wording{
			Title:    "Documento en un lugar equivocado: {item}",
			What:     "Lo que se subió en «{item}» no es ese documento[; parece ser «{seen}»][; su lugar es «{expected}»].",
			Fix:      "Suba en «{item}» el documento correcto. Si la página le ofrece moverlo, un clic basta para llevar el archivo a su sitio.",
			Internal: "Ranura equivocada: {item}.[ Visto: {seen}.][ Corresponde a: {expected}.]",
		},
		en: Wording{
			Title:    "Document in the wrong place: {item}",
			What:     "What was uploaded as “{item}” is another document[; it looks like “{seen}”][; it belongs in “{expected}”].",
			Fix:      "Upload the right document as “{item}”. Where the page offers to move the file, one click puts it in its place.",
			Internal: "Wrong slot: {item}.[ Seen: {seen}.][ Belongs in: {expected}.]",
		},
	},
	{
		Code: R02, Sub: Swapped, Targets: twoSided, Machine: Suspicion,
		Found: "read text or layout of the other side; a person confirms",
		zh: Wording{
			Title:    "正反面放反了：{item}",
			What:     "“{item}”处上传的是另一面[（{expected}）]，两面放反了。",
			Fix:      "点击“交换两面”即可，无需重新拍照；也可以分别重新上传。",
			Internal: "正反面颠倒：{item}。[另一面：{expected}。]",
		},
		es: Wording{
			Title:    "Anverso y reverso intercambiados: {item}",
			What:     "En «{item}» se subió la otra cara[ ({expected})]: las dos están intercambiadas.",
			Fix:      "Pulse «Intercambiar las caras»; no hace falta otra foto. También puede volver a subir cada una.",
			Internal: "Caras intercambiadas: {item}.[ La otra: {expected}.]",
		},
		en: Wording{
			Title:    "Front and back swapped: {item}",
			What:     "The other side[ ({expected})] was uploaded as “{item}”: the two are in each other's place.",
			Fix:      "Press “Swap the sides”; no new photo is needed. You can also upload each side again.",
			Internal: "Sides swapped: {item}.[ Other side: {expected}.]",
		},
	},
}
