package application

import (
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
)

func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// samples has one event of every kind, with every field filled, for the codec.
func samples() []Event {
	at := when("2026-03-02T02:00:00Z")
	merchant := Header{Actor{ID: "merchant-1", Role: RoleMerchant}, at}
	reviewer := Header{Actor{ID: "reviewer-1", Role: RoleReviewer}, at}
	lead := Header{Actor{ID: "lead-1", Role: RoleLead}, at}
	system := Header{Actor{ID: "deadline", Role: RoleSystem}, at}
	agent := Header{Actor{ID: "agent-1", Role: RoleAgent, Organisation: "agency-1"}, at}
	due := &Deadline{
		ID: "qualification-9", Stage: Qualification, Holder: Platform, Started: at, Warn: at.Add(54 * time.Hour), Due: at.Add(72 * time.Hour),
		Reminds: []time.Time{at.Add(time.Hour)}, Policy: "2026-01", Calendar: "cn-2026", Provisional: true,
	}
	document := Document{
		ID: "document-1", Type: "image/jpeg", SHA256: hash("front"), Size: 240_000, Width: 1200, Height: 800, Pages: 1,
		PHash: "00ff00ff00ff00ff", Blur: 312.5, Greyscale: true, Blank: true, Blobs: []string{"a", "b"},
	}
	text, field := personal.New("陈伟"), "example.cn"
	return []Event{
		Opened{agent, "merchant-1", "M0001", "agency-1", policy.Individual, []policy.Product{policy.WeChat, policy.OnlineBanking}, []string{"102"}, policy.Web, "zh-CN", "2026-01"},
		KindSwitched{merchant, policy.Enterprise, []item.Key{item.IDCardFront}},
		ProductsChosen{merchant, []policy.Product{policy.OnlineBanking}, []string{"103"}, policy.Web},
		DetailsFilled{merchant, map[item.Key]string{item.SiteDomain: "example.cn", item.BankCode: "102"},
			map[item.Key]personal.Text{item.IdentityName: text, item.ContactMobile: personal.New("13800138000")}},
		DocumentUploaded{merchant, item.IDCardFront, document},
		DocumentRemoved{merchant, item.IDCardFront, "document-1"},
		DocumentMoved{merchant, item.IDCardFront, item.IDCardBack},
		DocumentRedacted{reviewer, item.BankBack, "document-1", document, "the security code shows"},
		ConsentGiven{merchant, "privacy", "2026-01", hash("privacy"), "zh-CN", personal.New("203.0.113.7")},
		ConsentWithdrawn{merchant, "privacy", "2026-01", personal.New("203.0.113.7")},
		Submitted{merchant, 1, "2026-01", "2026-11", Qualification, due},
		PrecheckFound{system, 1, []Finding{{"item-missing", item.BankBack, "block", "this is required", "R01/bank-card-back", []ParamPair{{"slot", "x"}}}}},
		Claimed{reviewer, Qualification, at.Add(30 * time.Minute), 30 * time.Minute},
		Released{reviewer, "reviewer-1", Skipped, "cannot read Spanish", 5 * time.Minute},
		Reassigned{lead, Actor{ID: "reviewer-2", Role: RoleReviewer}, Qualification, at.Add(30 * time.Minute), 30 * time.Minute, "holiday"},
		Prioritised{lead, 3, "complaint"},
		ItemsAccepted{reviewer, []item.Key{item.IDCardFront, item.IDCardBack}},
		ReasonRaised{reviewer, "reason-1", reason.R03, reason.Unclear, item.IDCardFront, "please photograph it again", "looks copied", 1},
		ReasonWithdrawn{reviewer, "reason-1", "it is readable after all"},
		LateReasonAllowed{lead, item.BankNumber, 2, "overlooked"},
		NoteAdded{reviewer, "note-1", "called at ten"},
		Returned{reviewer, 1, Qualification, []string{"reason-1"}, []item.Key{item.IDCardFront}, due, 20 * time.Hour},
		ItemCorrected{merchant, item.SiteDomain, &field, nil, "moved"},
		Resubmitted{merchant, 2, []item.Key{item.IDCardFront}, []Check{CheckQualification, CheckICP}, Qualification, due},
		QualificationApproved{reviewer, ICP, due},
		QualificationProposed{reviewer, 41, due},
		QualificationConfirmed{lead, 41, ICP, due},
		QualificationRefused{lead, "the licence is another company's", due},
		ICPEvidenceRecorded{reviewer, ICPEvidence{"evidence-1", "found", "京ICP备12345678号-1", text, "individual", "example.cn", "manual", "document-9", "shareholder", at}},
		ICPVerified{reviewer, 44, Website, due},
		SiteDeclared{merchant, "https://example.cn/", personal.New("tester"), personal.New("secret"), "buy a cup", due},
		SiteApproved{reviewer, 47, map[string]bool{"content": true}, Contract, due},
		ContractOffered{reviewer, "2026-01", "zh-CN", hash("contract"), at.Add(15 * day), due, text},
		ContractTakenBack{reviewer, hash("contract"), "the filing is to be looked up again", due},
		ContractLapsed{system, hash("contract"), at.Add(15 * day), due},
		ContractSigned{merchant, hash("contract"), text, OneTimeCode, personal.New("203.0.113.7"), "Mozilla/5.0", due},
		ContractCountersigned{lead, hash("contract"), due},
		Activated{system, []policy.Product{policy.WeChat}},
		Withdrawn{merchant, "not now", Qualification},
		Reopened{merchant, Draft, due},
		DeclineProposed{reviewer, "we cannot work together", "sanctions list", 50},
		DeclineConfirmed{lead, 50},
		DeclineRefused{lead, "another person of that name"},
		Expired{system, 61 * day},
		DeadlineWarned{system, "correction-12", "7d", at},
		DeadlineBreached{system, "qualification-9", at},
		DeadlineExtended{lead, *due, "the host needs longer"},
		PolicyMoved{lead, "2026-01", "2026-07", "the merchant asked for it"},
		Restricted{merchant, "erasure request", at.AddDate(10, 0, 0), at.AddDate(0, 0, BackDays)},
		RestrictionLifted{merchant, due},
		HoldPlaced{lead, "court order"},
		HoldLifted{lead, "court order ended"},
		Shredded{system, "retention term over"},
	}
}
