package sample

import (
	"alta/domain/application"
	"alta/domain/item"
)

// The refusals of this package, beside some of package application's. Their codes
// are permanent.
var (
	ErrVerdict  = &application.Refusal{Kind: application.Invalid, Code: "sample-verdict", Detail: "a return needs reasons, and an approval has none"}
	ErrNotDrawn = &application.Refusal{Kind: application.Rule, Code: "sample-unknown", Detail: "there is no such sample"}
	ErrJudged   = &application.Refusal{Kind: application.Rule, Code: "sample-judged", Detail: "the sample was judged already, and a verdict stays as it is"}
	ErrDropped  = &application.Refusal{Kind: application.Rule, Code: "sample-dropped", Detail: "the application may not be looked at any more"}
	ErrInvolved = &application.Refusal{Kind: application.Forbidden, Code: "sample-involved", Detail: "the second look takes somebody who has not acted on this application"}
)

// about is the refusal with the field or item that it is about.
func about(r *application.Refusal, field string, k item.Key) *application.Refusal {
	c := *r
	c.Field, c.Item = field, k
	return &c
}
