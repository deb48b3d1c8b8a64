package policy

import (
	"fmt"
	"slices"
	"strings"

	"alta/domain/item"
)

// Kind is the kind of a merchant.
type Kind string

// The kinds.
const (
	Individual Kind = "individual"
	Enterprise Kind = "enterprise"
)

// Audience is the kind in the words of package item.
func (k Kind) Audience() item.Audience { return item.Audience(k) }

// Product is something a merchant applies for.
type Product string

// The products.
const (
	WeChat        Product = "wechat"
	Alipay        Product = "alipay"
	OnlineBanking Product = "online_banking"
)

// SiteType says where the merchant sells.
type SiteType string

// The site types. Offline is a merchant without web site and app.
const (
	Web     SiteType = "web"
	App     SiteType = "app"
	Offline SiteType = "offline"
)

// Stage is a review that an application passes on its way.
type Stage string

// The stages that a policy may ask for, in their order.
const (
	StageQualification  Stage = "qualification"
	StageSecondApproval Stage = "second_approval"
	StageICP            Stage = "icp"
	StageWebsite        Stage = "website"
	StageContract       Stage = "contract"
)

// Kinds lists the kinds in the order in which forms offer them.
func Kinds() []Kind { return []Kind{Individual, Enterprise} }

// Products lists the products in the order in which forms offer them.
func Products() []Product { return []Product{WeChat, Alipay, OnlineBanking} }

// SiteTypes lists the site types in the order in which forms offer them.
func SiteTypes() []SiteType { return []SiteType{Web, App, Offline} }

// Stages lists the stages in the order in which an application passes them.
func Stages() []Stage {
	return []Stage{StageQualification, StageSecondApproval, StageICP, StageWebsite, StageContract}
}

// IdentityTypes lists the accepted values of identity.type.
func IdentityTypes() []string { return slices.Clone(identityTypes) }

// Differences lists the lawful exceptions that a policy knows.
func Differences() []Difference {
	return []Difference{ContactDiffers, SettlementDiffers, RegistrantDiffers}
}

// WordError says that a word is not one of those accepted in its place.
type WordError struct {
	Field    string // "kind", "products" or "site"
	Value    string
	Accepted []string
}

func (e *WordError) Error() string {
	accepted := strings.Join(e.Accepted, ", ")
	if e.Value == "" {
		return fmt.Sprintf("%s is missing: want one of %s", e.Field, accepted)
	}
	return fmt.Sprintf("%s %q is not known: want one of %s", e.Field, e.Value, accepted)
}

// ParseKind reads a kind as people type it.
func ParseKind(s string) (Kind, error) { return parse("kind", s, Kinds(), nil) }

// ParseProduct reads a product as people type it; "bank", "banking" and
// "online-banking" mean online_banking, "wechat-pay" means wechat.
func ParseProduct(s string) (Product, error) {
	return parse("products", s, Products(), map[string]Product{
		"bank": OnlineBanking, "banking": OnlineBanking, "wechat_pay": WeChat, "wechatpay": WeChat,
	})
}

// ParseSiteType reads a site type as people type it; "none" means offline and
// "website" means web.
func ParseSiteType(s string) (SiteType, error) {
	return parse("site", s, SiteTypes(), map[string]SiteType{"none": Offline, "website": Web})
}

func parse[W ~string](field, s string, known []W, aliases map[string]W) (W, error) {
	word := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "-", "_")
	if w, ok := aliases[word]; ok {
		return w, nil
	}
	if slices.Contains(known, W(word)) {
		return W(word), nil
	}
	return "", &WordError{field, s, words(known)}
}

func words[W ~string](known []W) []string {
	out := make([]string, len(known))
	for i, w := range known {
		out[i] = string(w)
	}
	return out
}
