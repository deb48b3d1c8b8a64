package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"alta/scripts/faultskit"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// together starts so many programs at once over a cluster.
func together(programs int) func(ctx context.Context, call *faultskit.Call) (string, error) {
	return func(ctx context.Context, call *faultskit.Call) (string, error) {
		return startTogether(ctx, call, programs, "")
	}
}

// startTogether starts programs with all parts at once, on an empty data directory and
// an empty Redis that they share, and an empty log; server names one that is used in
// its place, with what it holds.
func startTogether(ctx context.Context, call *faultskit.Call, programs int, server string) (figures string, err error) {
	rounds := call.Times(20, 1)
	mails, merchants := 0, 0
	for n := range rounds {
		m, p, err := round(ctx, call, programs, server, uint64(n))
		if err != nil {
			return figures, fmt.Errorf("start %d: %w", n+1, err)
		}
		mails, merchants = mails+m, merchants+p
		figures = fmt.Sprintf("%d starts of %d programs: one build each, %d merchants with all of their %d mails once, 0 ERROR lines, every log-in good at every program", n+1, programs, merchants, mails)
	}
	return figures, nil
}

func round(ctx context.Context, call *faultskit.Call, programs int, server string, seed uint64) (mails, merchants int, err error) {
	if server == "" {
		c, err := cluster(call, 3)
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		server = c.Connection()
	}
	r, err := startShared(ctx, call)
	if err != nil {
		return 0, 0, err
	}
	defer r.close()
	data, err := os.MkdirTemp(call.Dir, "together-")
	if err != nil {
		return 0, 0, err
	}
	var all []*world
	for i := range programs {
		w, err := prepare(call, fmt.Sprintf("program%d", i), "--eventstore", server, "--redis", r.url, "--data", data)
		if err != nil {
			return 0, 0, err
		}
		defer w.end()
		all = append(all, w)
	}
	for _, w := range all {
		if err := w.Launch(); err != nil {
			return 0, 0, err
		}
	}
	for _, w := range all {
		if err := w.Answers(ctx); err != nil {
			return 0, 0, err
		}
		if _, _, err := w.readyWithin(ctx, http.StatusOK, time.Now(), 30*time.Second); err != nil {
			return 0, 0, err
		}
	}
	if err := all[0].logIn(ctx); err != nil {
		return 0, 0, err
	}
	for i, w := range all {
		w.token = all[0].token
		var me struct{ Role string }
		if status := w.get(ctx, "/v1/me", &me); status != http.StatusOK {
			return 0, 0, fmt.Errorf("a log-in of the first program is answered %d by program %d", status, i)
		}
	}
	people, err := arrive(ctx, call, all, seed)
	if err != nil {
		return 0, 0, err
	}
	if mails, err = once(filepath.Join(data, "mail"), people); err != nil {
		return 0, 0, err
	}
	builds, counts := 0, 0
	for i, w := range all {
		if err := w.Stop(); err != nil {
			return 0, 0, fmt.Errorf("program %d: %w", i, err)
		}
		wrong, err := w.said("level=ERROR")
		if err != nil || len(wrong) > 0 {
			return 0, 0, errors.Join(err, fmt.Errorf("program %d has %d ERROR lines, such as: %s", i, len(wrong), strings.Join(wrong[:min(1, len(wrong))], "")))
		}
		built, err := w.said(`msg="projection built"`)
		if err != nil {
			return 0, 0, err
		}
		builds += len(built)
		counted, err := w.said(`msg="statistics counted"`)
		if err != nil {
			return 0, 0, err
		}
		counts += len(counted)
	}
	if builds != 1 || counts != 1 {
		return 0, 0, fmt.Errorf("the lists were built %d times, the statistics %d times", builds, counts)
	}
	return mails, len(people), nil
}

// arrive lets merchants register at one program after the other, and activate their
// accounts by the links that come. It answers their addresses.
func arrive(ctx context.Context, call *faultskit.Call, all []*world, seed uint64) (people []string, err error) {
	press, err := specimen.NewPress()
	if err != nil {
		return nil, err
	}
	client, err := drive.NewClient(all[0].base)
	if err != nil {
		return nil, err
	}
	crew, err := drive.Assemble(ctx, client, drive.DemoLogIns())
	if err != nil {
		return nil, err
	}
	plans, err := drive.Plans(drive.Wish{Seed: call.Seed + seed, Day: time.Now(), Count: max(len(all), call.Times(10, 3)), To: drive.Draft, Kind: "individual", Via: drive.Self, Small: true})
	if err != nil {
		return nil, err
	}
	for i, p := range plans {
		client, err := drive.NewClient(all[i%len(all)].base)
		if err != nil {
			return nil, err
		}
		d := &drive.Driver{Client: client, Crew: crew, Press: press}
		if err := d.Open(ctx); err != nil {
			return nil, err
		}
		l, err := d.Run(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("at program %d: %w", i%len(all), err)
		}
		people = append(people, l.Plan.Email)
	}
	return people, nil
}

// once checks that everybody has mails, and none twice.
func once(dir string, people []string) (n int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return 0, err
	}
	got, seen := map[string]int{}, map[string]bool{}
	for _, f := range files {
		file, err := os.Open(f)
		if err != nil {
			return 0, err
		}
		m, err := mail.ReadMessage(bufio.NewReader(file))
		if err := errors.Join(err, file.Close()); err != nil {
			return 0, fmt.Errorf("%s: %w", f, err)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 {
			return 0, errors.Join(err, fmt.Errorf("%s is for %d people", f, len(to)))
		}
		which := to[0].Address + " " + m.Header.Get("Subject")
		if seen[which] || seen[m.Header.Get("Message-Id")] {
			return 0, fmt.Errorf("somebody has the mail %q twice", m.Header.Get("Subject"))
		}
		seen[which], seen[m.Header.Get("Message-Id")] = true, true
		got[to[0].Address]++
	}
	for _, p := range people {
		if got[p] == 0 {
			return 0, errors.New("a merchant has no mail")
		}
		n += got[p]
	}
	return n, nil
}
