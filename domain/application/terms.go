package application

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// What is signed is one text: that of the policy's contract, and after it the
// parties and terms of this very offer. Its digest therefore binds the party: no
// two offers share one. The terms are a personal value of the event. They hold
// the offer's number, which nobody can guess, so that the digest alone does not
// betray a name once the terms are erased.

// termsLabels are the words of the terms, in the order in which they are written.
var termsLabels = map[lang.Lang][]string{
	lang.Chinese: {"双方与条款", "商户", "商户编号", "商户账户", "申请编号", "产品", "银行", "政策版本", "合同文本版本", "要约编号", "："},
	lang.Spanish: {"Partes y condiciones", "Comerciante", "Número de comerciante", "Cuenta del comerciante", "Solicitud", "Productos", "Bancos", "Versión de la política", "Versión del texto", "Oferta", ": "},
	lang.English: {"Parties and terms", "Merchant", "Merchant number", "Merchant account", "Application", "Products", "Banks", "Policy version", "Text version", "Offer", ": "},
}

// terms writes them for the application as it stands.
func (s State) terms(p policy.Policy, text policy.TextRef, application, offer string) string {
	labels := termsLabels[lang.Match(s.Language)]
	products := make([]string, len(s.Products))
	for i, x := range s.Products {
		products[i] = string(x)
	}
	values := []string{
		s.party(), s.MerchantNumber, s.Merchant, application, strings.Join(products, ", "), strings.Join(s.Banks, ", "), p.Version, text.Version, offer,
	}
	var b strings.Builder
	b.WriteString("\n\n" + labels[0] + "\n")
	colon := labels[len(labels)-1]
	for i, v := range values {
		if v != "" {
			b.WriteString(labels[i+1] + colon + v + "\n")
		}
	}
	return b.String()
}

// party is the name of the merchant that the contract is with.
func (s State) party() string {
	if s.Kind == policy.Enterprise {
		return cmp.Or(s.Text(item.CompanyName), s.Text(item.IdentityName))
	}
	return s.Text(item.IdentityName)
}

// Text is what was offered and what the digest is over, given the contract's text
// of that version. Offers from before the digest bound the party have no terms.
func (o Offer) Text(contract string) string { return contract + o.Terms.Clear() }

// MaskedText is the text for whoever must not see the merchant's name in clear.
func (o Offer) MaskedText(contract string) string {
	labels, colon := termsLabels[lang.Match(o.Language)], termsColon(o.Language)
	out := contract
	for line := range strings.Lines(o.Terms.Clear()) {
		label, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), colon)
		if label == labels[1] || label == labels[9] { // the merchant's name, and the number that blinds the digest
			line = label + colon + personal.Mask(value) + "\n"
		}
		out += line
	}
	if o.Terms.IsErased() {
		out += "\n\n" + personal.Erased().Masked() + "\n"
	}
	return out
}

func termsColon(language string) string {
	labels := termsLabels[lang.Match(language)]
	return labels[len(labels)-1]
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
