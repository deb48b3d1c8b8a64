package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

// point is one change to one place of the source.
type point struct {
	id       int
	pkg      string // import path
	file     string // from the root of the module
	function string // with its receiver's type
	change   string // what is done, such as "< becomes <="
	source   string // the text that is changed, blanks folded, at most 100 characters
	nth      int    // among equal ones of one function, from 1
}

// key names the point in the list of harmless survivors. It holds no line number,
// so that it stays the same while other code moves.
func (p *point) key() string {
	k := fmt.Sprintf("%s %s: %s: %s", p.file, p.function, p.change, p.source)
	if p.nth > 1 {
		k += fmt.Sprintf(" (%d)", p.nth)
	}
	return k
}

// mutator writes one file anew, so that each of its points can be switched on.
type mutator struct {
	pkg, file string
	src       []byte
	tok       *token.File
	info      *types.Info
	points    *[]*point
	seen      map[string]int

	function   string
	conditions map[ast.Expr]bool // of if, and of a switch without a tag
	guards     map[ast.Expr]bool // of them, those whose body refuses or answers at once
	matches    map[ast.Expr]bool // cases of a switch with a tag
	statements map[ast.Stmt]bool // that stand in a list, so that they can be left out
}

func (m *mutator) text(n ast.Node) string {
	return string(m.src[m.tok.Offset(n.Pos()):m.tok.Offset(n.End())])
}

// add makes a point and answers its number.
func (m *mutator) add(n ast.Node, change string) int {
	source := strings.Join(strings.Fields(m.text(n)), " ")
	if r := []rune(source); len(r) > 100 {
		source = string(r[:99]) + "…"
	}
	p := &point{id: len(*m.points) + 1, pkg: m.pkg, file: m.file, function: m.function, change: change, source: source}
	m.seen[p.key()]++
	p.nth = m.seen[p.key()]
	*m.points = append(*m.points, p)
	return p.id
}

// rewrite answers the file with every point in it. Only functions are changed:
// what package variables hold is data, which tables of tests and golden files pin.
func (m *mutator) rewrite(f *ast.File) string {
	type span struct {
		from, to int
		text     string
	}
	var spans []span
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || describes(fn.Name.Name) {
			continue
		}
		m.function = fn.Name.Name
		if fn.Recv != nil && len(fn.Recv.List) == 1 {
			m.function = strings.TrimPrefix(m.text(fn.Recv.List[0].Type), "*") + "." + m.function
		}
		m.look(fn.Body)
		spans = append(spans, span{m.tok.Offset(fn.Body.Pos()), m.tok.Offset(fn.Body.End()), m.render(fn.Body)})
	}
	var b strings.Builder
	at := m.tok.Offset(f.Name.End())
	b.Write(m.src[:at])
	b.WriteString("\nimport \"alta/scripts/mutate/mutant\"\n")
	for _, s := range spans {
		b.Write(m.src[at:s.from])
		b.WriteString(s.text)
		at = s.to
	}
	b.Write(m.src[at:])
	b.WriteString("\nvar _ = mutant.On\n")
	return b.String()
}

// describes: what people read when something is printed decides nothing.
func describes(function string) bool {
	switch function {
	case "String", "GoString", "Error", "Format", "LogValue":
		return true
	}
	return false
}

// look finds the parts of a body whose place decides how they are changed.
func (m *mutator) look(body ast.Node) {
	m.conditions, m.guards, m.matches = map[ast.Expr]bool{}, map[ast.Expr]bool{}, map[ast.Expr]bool{}
	m.statements = map[ast.Stmt]bool{}
	list := func(stmts []ast.Stmt) {
		for _, s := range stmts {
			m.statements[s] = true
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			m.conditions[n.Cond], m.guards[n.Cond] = true, returns(n.Body.List)
		case *ast.BlockStmt:
			list(n.List)
		case *ast.CommClause:
			list(n.Body)
		case *ast.CaseClause:
			list(n.Body)
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if n.Tag == nil {
						m.conditions[e], m.guards[e] = true, returns(c.(*ast.CaseClause).Body)
					} else {
						m.matches[e] = true
					}
				}
			}
		}
		return true
	})
}

// render answers the node's text with all points below it, but none for itself.
func (m *mutator) render(n ast.Node) string {
	type span struct {
		from, to int
		text     string
	}
	var spans []span
	ast.Inspect(n, func(c ast.Node) bool {
		if c == nil || c == n {
			return true
		}
		if text, ok := m.mutated(c); ok {
			spans = append(spans, span{m.tok.Offset(c.Pos()), m.tok.Offset(c.End()), text})
			return false
		}
		return true
	})
	sort.Slice(spans, func(i, j int) bool { return spans[i].from < spans[j].from })
	var b strings.Builder
	at := m.tok.Offset(n.Pos())
	for _, s := range spans {
		b.Write(m.src[at:s.from])
		b.WriteString(s.text)
		at = s.to
	}
	b.Write(m.src[at:m.tok.Offset(n.End())])
	return b.String()
}

// boundary and opposite are what becomes of a comparison.
var (
	boundary = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}
	opposite = map[token.Token]string{token.LSS: ">=", token.LEQ: ">", token.GTR: "<=", token.GEQ: "<", token.EQL: "!=", token.NEQ: "=="}
)

// mutated answers the node with its own points and those below it; false where it
// has none of its own.
func (m *mutator) mutated(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.FuncLit:
		return "", false
	case ast.Stmt:
		return m.statement(n)
	case ast.Expr:
		return m.expression(n)
	}
	return "", false
}

func (m *mutator) statement(s ast.Stmt) (string, bool) {
	if !m.statements[s] {
		return "", false
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE || blank(s.Lhs) {
			return "", false
		}
	case *ast.IncDecStmt:
	case *ast.ExprStmt:
		if _, ok := s.X.(*ast.CallExpr); !ok {
			return "", false
		}
		if c, ok := s.X.(*ast.CallExpr).Fun.(*ast.Ident); ok && c.Name == "panic" {
			return "", false
		}
	case *ast.BranchStmt:
		if s.Tok != token.CONTINUE && s.Tok != token.BREAK {
			return "", false
		}
	default:
		return "", false
	}
	id := m.add(s, "left out")
	return fmt.Sprintf("if mutant.Off(%d, %d) { %s }", id, id, m.render(s)), true
}

func blank(lhs []ast.Expr) bool {
	for _, e := range lhs {
		if id, ok := e.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}

func (m *mutator) expression(e ast.Expr) (string, bool) {
	tv := m.info.Types[e]
	if !tv.IsValue() {
		return "", false
	}
	if m.matches[e] {
		return m.match(e, tv)
	}
	if tv.Value != nil || tv.IsNil() {
		return "", false // a constant
	}
	if basic, ok := tv.Type.(*types.Basic); ok && basic.Info()&types.IsBoolean != 0 {
		return m.truth(e)
	}
	if b, ok := e.(*ast.BinaryExpr); ok && (b.Op == token.ADD || b.Op == token.SUB) && number(tv.Type) {
		to := map[token.Token]string{token.ADD: "-", token.SUB: "+"}[b.Op]
		id := m.add(e, fmt.Sprintf("%s becomes %s", b.Op, to))
		return fmt.Sprintf("mutant.Pick(%d, (%s) %s (%s), %s)", id, m.text(b.X), to, m.text(b.Y), m.render(e)), true
	}
	return "", false
}

func (m *mutator) match(e ast.Expr, tv types.TypeAndValue) (string, bool) {
	if _, literal := e.(*ast.BasicLit); literal { // its type is that of the tag, which its text does not say
		return "", false
	}
	basic, ok := tv.Type.Underlying().(*types.Basic)
	if !ok || basic.Kind() != types.String || tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", false
	}
	id := m.add(e, "case left out")
	return fmt.Sprintf("mutant.Never(%d, %s)", id, m.text(e)), true
}

// truth changes an expression that is true or false.
func (m *mutator) truth(e ast.Expr) (string, bool) {
	type alternative struct{ change, text string }
	var alternatives []alternative
	switch e := e.(type) {
	case *ast.BinaryExpr:
		x, y := "("+m.text(e.X)+")", "("+m.text(e.Y)+")"
		if to, ok := boundary[e.Op]; ok {
			alternatives = append(alternatives, alternative{e.Op.String() + " becomes " + to, x + to + y})
		}
		if to, ok := opposite[e.Op]; ok {
			alternatives = append(alternatives, alternative{e.Op.String() + " becomes " + to, x + to + y})
		}
		switch e.Op {
		case token.LAND:
			alternatives = append(alternatives, alternative{"&& becomes ||", x + "||" + y})
		case token.LOR:
			alternatives = append(alternatives, alternative{"|| becomes &&", x + "&&" + y})
		}
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			alternatives = append(alternatives, alternative{"! left out", m.text(e.X)})
		}
	case *ast.ParenExpr:
		return "", false
	}
	if m.conditions[e] && len(alternatives) == 0 || m.guards[e] && !plumbing(e) {
		alternatives = append(alternatives, alternative{"never true", "false"})
	}
	if len(alternatives) == 0 {
		return "", false
	}
	var b strings.Builder
	b.WriteString("(")
	lowest, highest := 0, 0
	for _, a := range alternatives {
		highest = m.add(e, a.change)
		if lowest == 0 {
			lowest = highest
		}
		fmt.Fprintf(&b, "mutant.On(%d) && (%s) || ", highest, a.text)
	}
	fmt.Fprintf(&b, "mutant.Off(%d, %d) && (%s))", lowest, highest, m.render(e))
	return b.String(), true
}

// returns: the statements end the function.
func returns(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	_, ok := body[len(body)-1].(*ast.ReturnStmt)
	return ok
}

// plumbing: the condition asks whether a call failed. That the failure is handed
// on is no rule of its own; the rule is in what was called.
func plumbing(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ {
		return false
	}
	x, isName := b.X.(*ast.Ident)
	y, isNil := b.Y.(*ast.Ident)
	return isName && isNil && x.Name == "err" && y.Name == "nil"
}

func number(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0 && b.Info()&types.IsUntyped == 0
}
