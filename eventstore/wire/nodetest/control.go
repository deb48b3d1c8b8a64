package nodetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word is something that Do understands.
type word struct {
	usage string
	do    func(ctx context.Context, c *Cluster, args []string) (string, error)
}

var words = map[string]word{
	"connection": {"connection [N …]", func(_ context.Context, c *Cluster, args []string) (string, error) {
		var nodes []int
		for _, a := range args {
			n, err := c.node(a)
			if err != nil {
				return "", err
			}
			nodes = append(nodes, n)
		}
		return c.Connection(nodes...), nil
	}},
	"leader": {"leader", func(_ context.Context, c *Cluster, _ []string) (string, error) { return strconv.Itoa(c.Leader()), nil }},
	"elect": {"elect [N]", func(_ context.Context, c *Cluster, args []string) (string, error) {
		if len(args) == 0 {
			n, err := c.ElectNext()
			return strconv.Itoa(n), err
		}
		n, err := c.node(args[0])
		if err != nil {
			return "", err
		}
		return strconv.Itoa(n), c.Elect(n)
	}},
	"resign":    {"resign", func(_ context.Context, c *Cluster, _ []string) (string, error) { c.Resign(); return "", nil }},
	"drop":      {"drop", func(_ context.Context, c *Cluster, _ []string) (string, error) { c.Drop(); return "", nil }},
	"scavenge":  {"scavenge", func(ctx context.Context, c *Cluster, _ []string) (string, error) { return "", c.Scavenge(ctx) }},
	"kill":      onNode("kill", func(c *Cluster, n int) error { c.Kill(n); return nil }),
	"restart":   onNode("restart", (*Cluster).Restart),
	"stop":      onNode("stop", func(c *Cluster, n int) error { c.Stop(n); return nil }),
	"continue":  onNode("continue", func(c *Cluster, n int) error { c.Continue(n); return nil }),
	"cut":       onNode("cut", func(c *Cluster, n int) error { c.CutOff(n); return nil }),
	"heal":      onNode("heal", (*Cluster).Heal),
	"die":       onNode("die", (*Cluster).Die),
	"fill":      onNode("fill", func(c *Cluster, n int) error { c.Fill(n, true); return nil }),
	"room":      onNode("room", func(c *Cluster, n int) error { c.Fill(n, false); return nil }),
	"delete":    onStream("delete", (*Cluster).Delete),
	"tombstone": onStream("tombstone", (*Cluster).Tombstone),
	"metadata": {"metadata STREAM JSON", func(ctx context.Context, c *Cluster, args []string) (string, error) {
		if len(args) < 2 {
			return "", errors.New("want a stream and its metadata")
		}
		return "", c.Metadata(ctx, args[0], strings.Join(args[1:], " "))
	}},
	"copy": {"copy DIRECTORY", func(ctx context.Context, c *Cluster, args []string) (string, error) {
		if len(args) != 1 {
			return "", errors.New("want a directory")
		}
		return "", c.Copy(ctx, args[0])
	}},
	"replace": {"replace DIRECTORY", func(_ context.Context, c *Cluster, args []string) (string, error) {
		if len(args) != 1 {
			return "", errors.New("want a directory")
		}
		return c.Replace(args[0])
	}},
	"facts": {"facts [NAME=VALUE …]", func(_ context.Context, c *Cluster, args []string) (string, error) {
		var err error
		c.Set(func(f *Facts) {
			changed := *f
			for _, a := range args {
				if err = changed.set(a); err != nil {
					return
				}
			}
			*f = changed
		})
		return "", err
	}},
}

// onNode is a word that is followed by a node.
func onNode(name string, do func(*Cluster, int) error) word {
	return word{name + " N", func(_ context.Context, c *Cluster, args []string) (string, error) {
		if len(args) != 1 {
			return "", errors.New("want one node")
		}
		n, err := c.node(args[0])
		if err != nil {
			return "", err
		}
		return "", do(c, n)
	}}
}

// onStream is a word that is followed by a stream.
func onStream(name string, do func(*Cluster, context.Context, string) error) word {
	return word{name + " STREAM", func(ctx context.Context, c *Cluster, args []string) (string, error) {
		if len(args) != 1 {
			return "", errors.New("want one stream")
		}
		return "", do(c, ctx, args[0])
	}}
}

// node reads the number of a node, or the word leader.
func (c *Cluster) node(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if text == "leader" {
		n, err = c.Leader(), nil
	}
	if err != nil || n < 0 || n >= len(c.nodes) {
		return 0, fmt.Errorf("there is no node %s", text)
	}
	return n, nil
}

// set reads one fact, such as "ConfirmedFirst=true" or "Replication=5ms".
func (f *Facts) set(text string) error {
	name, value, _ := strings.Cut(text, "=")
	flags := map[string]*bool{
		"ConfirmedFirst": &f.ConfirmedFirst, "StaleLeader": &f.StaleLeader, "Silent": &f.Silent, "Offsets": &f.Offsets,
		"DroppedTwins": &f.DroppedTwins, "AllDenied": &f.AllDenied, "Metadata": &f.Metadata,
	}
	var err error
	switch flag := flags[name]; {
	case flag != nil:
		*flag, err = strconv.ParseBool(value)
	case name == "Replication":
		f.Replication, err = time.ParseDuration(value)
	case name == "NotReady":
		f.NotReady, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("there is no fact %s", name)
	}
	return err
}

// Do does what one line says, such as "kill leader", and answers in one line.
func (c *Cluster) Do(ctx context.Context, line string) (string, error) {
	f := strings.Fields(line)
	if len(f) == 0 {
		return "", nil
	}
	w, known := words[f[0]]
	if !known {
		var all []string
		for _, w := range words {
			all = append(all, w.usage)
		}
		slices.Sort(all)
		return "", fmt.Errorf("there is no %s; there are: %s", f[0], strings.Join(all, ", "))
	}
	answer, err := w.do(ctx, c, f[1:])
	if err != nil {
		return "", fmt.Errorf("%s: %w", w.usage, err)
	}
	return answer, nil
}

// Obey does line by line what is said, and answers each with a line that begins with
// "ok" or "error", until there are no more lines.
func (c *Cluster) Obey(ctx context.Context, said io.Reader, answers io.Writer) error {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		answer, err := c.Do(ctx, lines.Text())
		text := strings.TrimSpace("ok " + answer)
		if err != nil {
			text = "error " + err.Error()
		}
		if _, err := fmt.Fprintln(answers, text); err != nil {
			return err
		}
	}
	return lines.Err()
}
