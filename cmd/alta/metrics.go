package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"alta/eventstore"
	"alta/projections"
	"alta/reactions"
	"alta/reactions/mail"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the program's figures in Prometheus' text format, served to this
// machine only. Labels are operations, statuses, queues and states, of which
// there is a fixed number; no person, merchant or application is named.
type metrics struct {
	registry *prometheus.Registry
	latency  *prometheus.HistogramVec
}

func newMetrics(p *program) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "alta_http_request_seconds", Help: "Time to answer a request, by operation of the contract and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"operation", "status"}),
	}
	build, _ := debug.ReadBuildInfo()
	about := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "alta_build_info", Help: "1; the labels say which build runs.",
		ConstLabels: prometheus.Labels{"version": build.Main.Version, "revision": revisionOf(build), "goversion": build.GoVersion},
	})
	about.Set(1)
	m.registry.MustRegister(
		about, m.latency, figures{p}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// revisionOf is the commit that a build was made of, where that is known.
func revisionOf(build *debug.BuildInfo) string {
	for _, s := range build.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// observe counts an answer.
func (m *metrics) observe(operation string, status int, took time.Duration) {
	m.latency.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
}

// startMetrics serves them on their own listener, which must be of this machine.
func (p *program) startMetrics(start background) error {
	if p.cfg.Metrics == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(p.cfg.Metrics)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errUsage("--metrics must be host:port of this machine, such as 127.0.0.1:9090")
	}
	l, err := net.Listen("tcp", p.cfg.Metrics)
	if err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 5 * time.Second}))
	p.logger.Info("metrics are served", "address", l.Addr().String())
	start("metrics", func(ctx context.Context) (err error) {
		if l == nil { // it was closed when the part ended
			if l, err = net.Listen("tcp", p.cfg.Metrics); err != nil {
				return err
			}
		}
		l := take(&l)
		srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
		stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
		defer stop()
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return nil
}

// figures are read when they are asked for.
type figures struct{ p *program }

// Describe implements prometheus.Collector: the figures depend on which parts
// run, so none are promised.
func (figures) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f figures) Collect(out chan<- prometheus.Metric) {
	s := sink{out}
	f.health(s)
	if f.p.cfg.does("projector") {
		s.projector(f.p.runner.Stats())
		f.statistics(s)
		s.gauge("alta_projection_healthy", "1 while the projection follows the log; 0 while the log cannot be reached, or is another one.", truth(f.p.health.well("projector")))
	}
	f.queues(s)
	f.setAside(s)
	for _, r := range f.p.running() {
		s.gauge("alta_reaction_healthy", "1 while the reaction does its work, or stands by; 0 while the log cannot be reached.", truth(f.p.health.well(r.name)), "reaction", r.name)
		s.gauge("alta_reaction_standing_by", "1 while another process at this log does the reaction's work; of all processes one has 0.", truth(r.standby.Load()), "reaction", r.name)
		switch runs := r.runs.(type) {
		case *mail.Mailer:
			s.mail(runs.Stats())
			if server, known := runs.Server(); known {
				s.gauge("alta_mail_server_accepts", "1 while the mail server takes our mails; 0 while it refuses us or has been away for minutes.", truth(server.Condition == mail.Works))
			}
			if !r.standby.Load() {
				s.waiting(runs.Stats(), f.p.now())
				s.asides(r.name, runs.Stats().SetAside)
			}
		case *reactions.Deadline:
			s.asides(r.name, runs.Stats().SetAside)
		case interface{ Stats() reactions.Stats }:
			if r.standby.Load() {
				continue // what waits, and for what, another process knows
			}
			if check, ok := runs.(*reactions.Precheck); ok {
				s.gauge("alta_precheck_owed", "Submissions that could not be compared with other applications yet.", float64(check.Owed()))
			}
			s.gauge("alta_reaction_caught_up", "1 once the reaction has seen the end of the log.", truth(runs.Stats().CaughtUp), "reaction", r.name)
			s.asides(r.name, runs.Stats().SetAside)
		}
	}
	if f.p.health.started.Load() && f.p.orphans != nil {
		st := f.p.orphans.Stats()
		s.counter("alta_orphans_removed_total", "Stored files removed since the start because no event speaks of them.", float64(st.Removed))
		if !st.Last.IsZero() {
			s.gauge("alta_orphans_swept_age_seconds", "Since stored files were last compared with the log; hourly, so alarm at a day.", f.p.now().Sub(st.Last).Seconds())
		}
	}
	s.gauge("alta_vault_available", "1 while personal values can be sealed and opened; 0 while the key service or the key store refuses.", truth(f.p.keyState.err() == nil))
	if f.p.parts != nil {
		for _, part := range f.p.parts.list() {
			s.gauge("alta_part_healthy", "1 while the part runs; 0 while it ends and is started again.", truth(part.failing == nil), "part", part.name)
			s.counter("alta_part_restarts_total", "Times that the part was started again since the start.", float64(part.restarts), "part", part.name)
		}
	}
	f.live(s)
	f.log(s)
	if f.p.server != nil {
		s.server(f.p.server.Health())
	}
	s.gauge("alta_limiter_shared", "1 while attempts are counted in Redis, with all processes.", truth(f.p.limits.Shared()))
}

// health is what is known of the log, and what waits for the parts that follow it.
func (f figures) health(s sink) {
	head, newest, answered, known := f.p.health.logState()
	now := time.Now()
	s.gauge("alta_ready", "1 while /readyz is 200.", truth(f.p.health.readiness().Ready))
	s.gauge("alta_log_reachable", "1 while the log says where it ends; without that nothing is built and no lag is known.", truth(known))
	if !answered.IsZero() {
		s.gauge("alta_log_answer_age_seconds", "Since the log said last where it ends.", now.Sub(answered).Seconds())
		s.gauge("alta_log_position", "Commit position of the newest event that the log told of; bytes, on a server.", float64(head.Commit))
	}
	if !newest.IsZero() {
		s.gauge("alta_log_newest_event_age_seconds", "Since the newest event that the log told of was stored.", max(0, now.Sub(newest).Seconds()))
	}
	for _, name := range consumers(f.p) {
		if events, age, known := f.p.health.lag(name); known {
			s.gauge("alta_consumer_lag_events", "Events that have waited for a part for a second or longer; 1000 stands for 1000 or more.", float64(events), "consumer", name)
			s.gauge("alta_consumer_lag_seconds", "Since the oldest of them was stored; 0 without any.", age.Seconds(), "consumer", name)
		}
	}
}

// consumers are the parts of a process that follow the log and say how far they are.
func consumers(p *program) []string {
	names := []string{"projector", "statistics", "sequencer", partLists, partReports}
	for _, r := range p.running() {
		names = append(names, r.name)
	}
	return names
}

// queues reads how much waits; a Redis that is away or being filled gives none.
func (f figures) queues(s sink) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	sizes, err := f.p.reader.Sizes(ctx, "")
	s.gauge("alta_lists_readable", "1 while lists can be read; 0 while they are rebuilt or Redis is away.", truth(err == nil))
	if err != nil {
		return
	}
	for _, q := range sizes {
		if q.Queue == projections.QueueMine {
			continue
		}
		s.gauge("alta_queue_applications", "Applications that wait in a queue.", float64(q.Total), "queue", string(q.Queue))
		s.gauge("alta_queue_claimed", "Applications of a queue that somebody reviews.", float64(q.Claimed), "queue", string(q.Queue))
		s.gauge("alta_queue_breached", "Applications of a queue past their deadline.", float64(q.Breached), "queue", string(q.Queue))
	}
}

// live is how many listen to changes, and how they keep up.
func (f figures) live(s sink) {
	server := f.p.answering.Load()
	if server == nil {
		return
	}
	st := server.LiveStats()
	s.counter("alta_look_alarms_total", "Times since the start that somebody opened much personal data.", float64(server.LookAlarms()))
	s.gauge("alta_live_listeners", "Open streams of changes.", float64(st.Listeners))
	s.counter("alta_live_messages_total", "Messages handed to listeners since the start.", float64(st.Told))
	s.counter("alta_live_dropped_total", "Listeners let go because they did not keep up.", float64(st.Dropped))
	s.counter("alta_live_behind_total", "Times that more happened at once than a message names.", float64(st.Behind))
}

func (f figures) log(s sink) {
	g := f.p.guarded
	if g == nil {
		return
	}
	st := g.Stats()
	s.gauge("alta_log_events", "Events in the log.", float64(st.Events))
	s.counter("alta_log_appended_total", "Events appended since the start.", float64(st.Appended))
	s.counter("alta_log_syncs_total", "Syncs since the start; appended/syncs is the group size.", float64(st.Rounds))
	s.gauge("alta_log_queued", "Appends that wait for the writer.", float64(st.Queued))
	s.gauge("alta_log_subscribers", "Open subscriptions.", float64(st.Subscribers))
	s.gauge("alta_log_disk_bytes", "What the log occupies.", float64(st.DiskBytes))
	if st.DiskTold {
		s.gauge("alta_log_disk_free_bytes", "Bytes free on its disk.", float64(st.DiskFree))
	}
	s.gauge("alta_log_writable", "1 while the disk reserve is there and nothing has failed.", truth(g.Writable() == nil))
	if c, err := g.keeper.Latest(); err == nil {
		s.gauge("alta_checkpoint_age_seconds", "Since the newest signed checkpoint.", f.p.now().Sub(c.Time).Seconds())
		s.gauge("alta_checkpoint_events", "Events that the newest signed checkpoint vouches for.", float64(c.Tree.N))
	}
}

// sink writes figures.
type sink struct{ out chan<- prometheus.Metric }

func (s sink) write(kind prometheus.ValueType, name, help string, v float64, label ...string) {
	var names, values []string
	if len(label) == 2 {
		names, values = label[:1], label[1:]
	}
	s.out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
}

func (s sink) gauge(name, help string, v float64, label ...string) {
	s.write(prometheus.GaugeValue, name, help, v, label...)
}

func (s sink) counter(name, help string, v float64, label ...string) {
	s.write(prometheus.CounterValue, name, help, v, label...)
}

func (s sink) asides(reaction string, n int64) {
	s.gauge("alta_reaction_streams_set_aside", "Streams that the reaction cannot handle now; they are tried again every minute.", float64(n), "reaction", reaction)
}

func (s sink) projector(st projections.Stats) {
	for _, state := range projections.States() {
		s.gauge("alta_projection_state", "1 for what the projector is doing.", truth(st.State == state), "state", state)
	}
	if st.Events > 0 {
		s.gauge("alta_projection_delay_seconds", "From when the newest readable event was stored until it could be read; not there before one was.", st.Lag.Seconds())
	}
	if st.Position != eventstore.Start {
		s.gauge("alta_projection_position", "Commit position that can be read.", float64(st.Position.Commit))
	}
	s.counter("alta_projection_events_total", "Events folded since the start.", float64(st.Events))
	s.counter("alta_projection_batches_total", "Transactions since the start.", float64(st.Batches))
	s.counter("alta_projection_documents_total", "Applications written since the start, without rebuilds.", float64(st.Documents))
	s.gauge("alta_projection_batch_events", "Events of the last transaction.", float64(st.LastBatch))
	s.counter("alta_projection_restarts_total", "Times the projector was fenced or interrupted.", float64(st.Restarts))
	s.counter("alta_rebuilds_total", "Finished rebuilds.", float64(st.Builds))
	s.gauge("alta_rebuild_applications", "Applications written by the rebuild under way, or by the last one.", float64(st.Building))
	if st.Builds > 0 {
		s.gauge("alta_rebuild_seconds", "How long the last finished rebuild took.", st.BuildTook.Seconds())
	}
}

// waiting is what is known of the mails that wait: none is known before the log was read
// to its end.
func (s sink) waiting(st mail.Stats, now time.Time) {
	if !st.CaughtUp && st.Backlog == 0 {
		return
	}
	oldest := 0.0
	if !st.Oldest.IsZero() {
		oldest = max(0, now.Sub(st.Oldest).Seconds())
	}
	s.gauge("alta_mail_oldest_seconds", "How long the oldest mail that waits has been due; 0 without any.", oldest)
	s.gauge("alta_mail_backlog", "Mails that wait.", float64(st.Backlog))
}

func (s sink) mail(st mail.Stats) {
	s.counter("alta_mail_refused_total", "Attempts that the server refused for a fault of ours: TLS, log-in, name, sender, relaying.", float64(st.Refused))
	s.counter("alta_mail_deferred_total", "Attempts answered with 4xx.", float64(st.Deferred))
	s.counter("alta_mail_sent_total", "Mails sent.", float64(st.Sent))
	s.counter("alta_mail_failed_total", "Mails that will never be sent.", float64(st.Failed))
	s.counter("alta_mail_unreachable_total", "Attempts that met no server.", float64(st.Unreachable))
	s.counter("alta_mail_unknown_outcome_total", "Attempts of whose end nothing is known.", float64(st.Unknown))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// take answers a listener and leaves none, so that a part that is started again
// makes one of its own.
func take(l *net.Listener) net.Listener {
	taken := *l
	*l = nil
	return taken
}
