use std::time::Duration;

use proptest::prelude::*;

use super::*;
use std::collections::BTreeSet;

use timbre_model::{
    AttemptOutcome, Cadence, CallerIdPool, CampaignId, CampaignList, CampaignSpec, CaseworkSpec,
    DaySpan, DepartmentSpec, DialMode, DispositionSpec, DispositionTree, DuplicatePolicy, Effect,
    EscalationRole, FieldKind, FieldSpec, FollowUpOutcome, FollowUpPolicy, LeadOrder, ListId,
    ListSpec, MailSpec, OutboundSpec, PacingMethod, PhoneNumber, Purpose, Reach, Recycle,
    RecycleRule, Rotation, Secret, SurveyKind, SurveySpec, Voice, WebhookSpec, WeeklyHours,
};

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_.-]{0,8}"
}

fn word() -> impl Strategy<Value = Slug> {
    slug().prop_map(|text| Slug::parse(&text).expect("a slug"))
}

fn skills() -> impl Strategy<Value = BTreeMap<SkillId, u8>> {
    let skill = slug().prop_map(|text| SkillId::parse(&text).expect("a slug"));
    prop::collection::btree_map(skill, 1..=10_u8, 0..3)
}

fn seconds() -> impl Strategy<Value = Duration> {
    (0..10_000_u64).prop_map(Duration::from_millis)
}

fn cadence() -> impl Strategy<Value = Option<Cadence>> {
    let of =
        |(tone, silence)| Cadence::new(Duration::from_millis(tone), Duration::from_millis(silence));
    prop_oneof![Just(None), (1..20_000_u64, 1..20_000_u64).prop_map(of)]
}

prop_compose! {
    fn queue()(
        (id, name, client) in (slug(), ".{0,12}", slug()),
        (priority, skills, capacity) in (0..=9_u8, skills(), 1..1_000_u32),
        (service_level, short_abandonment, offer_timeout) in (seconds(), seconds(), seconds()),
        (wrap_up, wrap_up_extension, max_wait) in (seconds(), seconds(), seconds()),
        (cadence, answer_after_rings, answer_by_rings) in (cadence(), 0..9_u32, 0..9_u32),
        english: bool,
        dispositions in prop::option::of(word()),
        survey in prop::option::of((prop::sample::select(SurveyKind::ALL), seconds())),
    ) -> QueueSpec {
        QueueSpec {
            id: QueueId::parse(&id).expect("a slug"),
            name,
            client: ClientId::parse(&client).expect("a slug"),
            priority, skills, service_level, short_abandonment,
            ring: RingPolicy { cadence, answer_after_rings, answer_by_rings },
            offer_timeout, wrap_up, wrap_up_extension, max_wait, capacity,
            announcements: Announcements {
                language: if english { Language::En } else { Language::Es },
            },
            dispositions,
            survey: survey.map(|(kind, period)| SurveySpec { kind, period }),
        }
    }
}

prop_compose! {
    fn agent()(
        id in slug(),
        name in ".{0,12}",
        skills in skills(),
        site in prop::option::of(slug()),
        persistent: bool,
        password in prop::option::of("[ -~]{1,12}"),
        clients in prop::collection::btree_set(word(), 0..3),
    ) -> AgentSpec {
        AgentSpec {
            id: AgentId::parse(&id).expect("a slug"),
            name,
            skills,
            site: site.map(|text| SiteId::parse(&text).expect("a slug")),
            station: if persistent { StationMode::Persistent } else { StationMode::OnDemand },
            password: password.map(Digest::Plain),
            clients: clients.iter().map(|it| ClientId::parse(it.as_str()).expect("a slug")).collect(),
        }
    }
}

prop_compose! {
    fn trunk()(
        id in slug(),
        octets: [u8; 4],
        prefix in 1..=32_u8,
        password in prop::option::of("[ -~]{1,12}"),
        cadence in cadence(),
        channels in 1..5_000_u32,
        outbound in prop::option::of(outbound()),
    ) -> TrunkSpec {
        let [a, b, c, d] = octets;
        let address = SipAddress::try_from(format!("{a}.{b}.{c}.{d}/{prefix}"));
        TrunkSpec {
            id: TrunkId::parse(&id).expect("a slug"),
            addresses: address.ok().into_iter().collect(),
            password: password.map(Digest::Plain),
            country: "ES".to_owned(),
            cadence,
            channels,
            outbound,
        }
    }
}

prop_compose! {
    fn outbound()(
        to in prop::collection::vec("[a-z]{1,6}\\.example:5060", 0..3),
        (tcp, strip_plus, stopped) in any::<(bool, bool, bool)>(),
        account in prop::option::of(("[a-z]{1,6}", "[a-z]{1,6}")),
        prefix in "[0-9]{0,3}",
        setup_max in 1..9_000_u32,
        calls_per_second in 0.5..900.0_f64,
        countries in prop::collection::btree_set("[A-Z]{2}", 0..3),
        rates in prop::collection::btree_map("[A-Z]{2}", 0.0..9.0_f64, 0..3),
        spend_per_day_max in prop::option::of(0.0..9_000.0_f64),
    ) -> OutboundSpec {
        let (username, password) = account.unzip();
        OutboundSpec {
            to, tcp, strip_plus, prefix, username,
            password: password.map(Secret::new),
            setup_max, calls_per_second, countries, rates, spend_per_day_max, stopped,
        }
    }
}

fn mode() -> impl Strategy<Value = DialMode> {
    prop_oneof![
        Just(DialMode::Manual),
        seconds().prop_map(|timeout| DialMode::Preview { timeout }),
        Just(DialMode::Progressive),
        (1.0..9.0_f64).prop_map(|ratio| DialMode::Power { ratio }),
        prop::sample::select(PacingMethod::ALL)
            .prop_map(|controller| DialMode::Predictive { controller }),
    ]
}

fn hours() -> impl Strategy<Value = WeeklyHours> {
    let span = (0..700_u16, 701..=1_440_u16)
        .prop_map(|(from, to)| DaySpan::new(from, to).expect("a span"));
    let day = move || prop::collection::vec(span.clone(), 0..3);
    (day(), day(), day()).prop_map(|(mon, wed, sun)| WeeklyHours {
        mon,
        wed,
        sun,
        ..WeeklyHours::default()
    })
}

fn recycle() -> impl Strategy<Value = Recycle> {
    let rule = (seconds(), 0..9_u32).prop_map(|(delay, max)| RecycleRule { delay, max });
    let after = prop::collection::btree_map(prop::sample::select(AttemptOutcome::ALL), rule, 0..4);
    (after, 1..9_u32, 1..9_u32).prop_map(|(after, per_number, per_lead)| Recycle {
        after,
        per_number,
        per_lead,
    })
}

fn number() -> impl Strategy<Value = PhoneNumber> {
    "\\+[1-9][0-9]{5,12}".prop_map(|text| PhoneNumber::parse(&text).expect("a number"))
}

prop_compose! {
    fn list()(
        (id, name, client) in (slug(), ".{0,12}", slug()),
        order in prop_oneof![
            Just(LeadOrder::Imported),
            Just(LeadOrder::NewestFirst),
            Just(LeadOrder::FewestAttempts),
            any::<u64>().prop_map(|seed| LeadOrder::Random { seed }),
            ("[a-z]{1,5}", any::<bool>())
                .prop_map(|(name, descending)| LeadOrder::Attribute { name, descending }),
        ],
        duplicates in prop::sample::select(DuplicatePolicy::ALL),
    ) -> ListSpec {
        ListSpec {
            id: ListId::parse(&id).expect("a slug"),
            name,
            client: ClientId::parse(&client).expect("a slug"),
            country: "ES".to_owned(),
            order,
            duplicates,
        }
    }
}

prop_compose! {
    fn campaign()(
        (id, name, client, queue) in (slug(), ".{0,12}", slug(), slug()),
        mode in mode(),
        lists in prop::collection::vec((slug(), 1..9_u32, prop::option::of("[a-z]{1,9}")), 0..3),
        trunks in prop::collection::vec(slug(), 0..3),
        numbers in prop::collection::vec(number(), 0..3),
        rotation in prop::sample::select(Rotation::ALL),
        (ring_timeout, answer_to_agent, callback_fallback) in (seconds(), seconds(), seconds()),
        connect_within in prop::option::of(seconds()),
        (abandonment_cap, lines_per_agent_max) in (0.001..0.1_f64, 1.0..50.0_f64),
        (purpose, voice) in
            (prop::sample::select(Purpose::ALL), prop::sample::select(Voice::ALL)),
        (sector, codes) in
            (prop::option::of(slug()), prop::collection::btree_set(slug(), 0..3)),
        (hours, recycle) in (prop::option::of(hours()), recycle()),
        (weight, reserve) in (1..900_u32, 0..9_u32),
        dispositions in prop::option::of(word()),
    ) -> CampaignSpec {
        let slug = |text: String| Slug::parse(&text).expect("a slug");
        CampaignSpec {
            id: CampaignId::parse(&id).expect("a slug"),
            name,
            client: ClientId::parse(&client).expect("a slug"),
            queue: QueueId::parse(&queue).expect("a slug"),
            mode,
            lists: lists.into_iter().map(|(list, weight, filter)| CampaignList {
                list: ListId::parse(&list).expect("a slug"), weight, filter,
            }).collect(),
            trunks: trunks.iter().map(|it| TrunkId::parse(it).expect("a slug")).collect(),
            caller_ids: CallerIdPool { numbers, rotation },
            ring_timeout, answer_to_agent, connect_within, abandonment_cap, purpose, voice,
            sector: sector.map(slug),
            codes: codes.into_iter().map(slug).collect(),
            hours, recycle, weight, reserve, lines_per_agent_max, callback_fallback,
            dispositions,
        }
    }
}

fn effect() -> impl Strategy<Value = Effect> {
    let reach = prop::sample::select(&[Reach::Tenant, Reach::Client, Reach::Campaign]);
    prop_oneof![
        Just(Effect::Final),
        seconds().prop_map(|after| Effect::Retry { after }),
        Just(Effect::Callback),
        reach.prop_map(|reach| Effect::DoNotCall { reach }),
        Just(Effect::Refused),
        word().prop_map(|policy| Effect::Sale { policy }),
        Just(Effect::Complaint),
        Just(Effect::WrongNumber),
        Just(Effect::Deceased),
        prop::sample::select(FollowUpOutcome::ALL).prop_map(Effect::FollowUp),
    ]
}

fn field() -> impl Strategy<Value = FieldSpec> {
    let kind = prop_oneof![
        Just(FieldKind::Text),
        Just(FieldKind::Number),
        Just(FieldKind::Time),
        prop::collection::vec(".{0,6}", 0..3).prop_map(FieldKind::Choice),
    ];
    (word(), ".{0,12}", kind, any::<bool>()).prop_map(|(id, name, kind, optional)| FieldSpec {
        id,
        name,
        kind,
        optional,
    })
}

prop_compose! {
    fn leaf()(
        (code, name) in (word(), ".{0,12}"),
        key in prop::option::of("[0-9a-z]"),
        vicidial in prop::option::of("[A-Z]{1,6}"),
        effects in prop::collection::vec(effect(), 0..4),
        fields in prop::collection::vec(field(), 0..3),
    ) -> DispositionSpec {
        let key = key.and_then(|it| it.chars().next());
        DispositionSpec { code, name, key, vicidial, effects, fields, children: Vec::new() }
    }
}

fn tree() -> impl Strategy<Value = DispositionTree> {
    let spec = leaf().prop_recursive(3, 12, 4, |below| {
        (leaf(), prop::collection::vec(below, 0..4))
            .prop_map(|(spec, children)| DispositionSpec { children, ..spec })
    });
    (word(), prop::collection::vec(spec, 0..3))
        .prop_map(|(id, dispositions)| DispositionTree { id, dispositions })
}

fn agents() -> impl Strategy<Value = BTreeSet<AgentId>> {
    let agent = slug().prop_map(|text| AgentId::parse(&text).expect("a slug"));
    prop::collection::btree_set(agent, 0..3)
}

fn listed() -> impl Strategy<Value = ListId> {
    slug().prop_map(|text| ListId::parse(&text).expect("a slug"))
}

prop_compose! {
    fn departments()(
        all in prop::collection::vec((word(), ".{0,9}", prop::option::of("[a-z]{1,5}"), agents()), 0..3),
    ) -> Vec<DepartmentSpec> {
        let read = |(id, name, mail, agents)| DepartmentSpec { id, name, mail, agents };
        all.into_iter().map(read).collect()
    }
}

prop_compose! {
    fn escalation()(
        all in prop::collection::vec((word(), seconds(), prop::option::of("[a-z]{1,5}"), agents()), 0..3),
    ) -> Vec<EscalationRole> {
        let read = |(role, after, mail, agents)| EscalationRole { role, after, agents, mail };
        all.into_iter().map(read).collect()
    }
}

fn policy() -> impl Strategy<Value = FollowUpPolicy> {
    let spans = prop::collection::vec(seconds(), 0..3);
    (word(), spans, listed(), 1..9_u32, prop::collection::vec(".{0,9}", 0..3)).prop_map(
        |(id, after, list, tries, promises)| FollowUpPolicy { id, after, list, tries, promises },
    )
}

fn webhook() -> impl Strategy<Value = WebhookSpec> {
    let types = prop::collection::btree_set("[a-z]{1,5}", 0..3);
    let client = prop::option::of(word());
    (word(), "[a-z]{1,9}", "[a-z]{1,9}", types, client).prop_map(
        |(id, url, secret, types, client)| {
            let client = client.map(|it| ClientId::parse(it.as_str()).expect("a slug"));
            WebhookSpec { id, url, secret: Secret::new(secret), types, client }
        },
    )
}

fn mail() -> impl Strategy<Value = MailSpec> {
    let account = prop::option::of(("[a-z]{1,6}", "[a-z]{1,6}"));
    ("[a-z]{1,9}", "[a-z]{1,9}", account).prop_map(|(server, from, account)| {
        let (username, password) = account.unzip();
        MailSpec { server, from, username, password: password.map(Secret::new) }
    })
}

prop_compose! {
    fn casework()(
        (country, region) in (prop::option::of("[A-Z]{2}"), prop::option::of("[A-Z]{2}")),
        zone in prop::option::of("[A-Z][a-z]{1,5}"),
        (departments, escalation) in (departments(), escalation()),
        warnings in prop::collection::vec(seconds(), 0..3),
        follow_ups in prop::collection::vec(policy(), 0..3),
        (callbacks, mail) in (prop::option::of(listed()), prop::option::of(mail())),
        webhooks in prop::collection::vec(webhook(), 0..3),
    ) -> CaseworkSpec {
        CaseworkSpec {
            country, region, zone, departments, escalation, warnings, follow_ups, callbacks, mail, webhooks,
        }
    }
}

prop_compose! {
    fn floor()(
        clients in prop::collection::vec((slug(), ".{0,12}"), 0..3),
        skills in skills(),
        pauses in prop::collection::btree_set(slug(), 0..3),
        queues in prop::collection::vec(queue(), 0..3),
        agents in prop::collection::vec(agent(), 0..3),
        trunks in prop::collection::vec(trunk(), 0..3),
        entry_points in prop::collection::vec(("\\+[1-9][0-9]{5,12}", slug()), 0..3),
        lists in prop::collection::vec(list(), 0..3),
        campaigns in prop::collection::vec(campaign(), 0..3),
        disposition_trees in prop::collection::vec(tree(), 0..3),
        casework in casework(),
    ) -> FloorSpec {
        let pauses: BTreeSet<Slug> =
            pauses.iter().map(|text| Slug::parse(text).expect("a slug")).collect();
        FloorSpec {
            clients: clients.into_iter().map(|(id, name)| ClientSpec {
                id: ClientId::parse(&id).expect("a slug"), name,
            }).collect(),
            skills: skills.into_keys().collect(),
            dispositions: pauses.clone(),
            pauses, queues, agents, trunks, lists, campaigns, disposition_trees, casework,
            entry_points: entry_points.into_iter().map(|(number, queue)| EntryPointSpec {
                number: PhoneNumber::parse(&number).expect("a number"),
                queue: QueueId::parse(&queue).expect("a slug"),
            }).collect(),
        }
    }
}

proptest! {
    #[test]
    fn a_definition_survives_the_wire(spec in floor()) {
        prop_assert_eq!(from_wire(to_wire(&spec, Passwords::Send)), Ok(spec));
    }

    #[test]
    fn no_password_leaves_a_server(spec in floor()) {
        let tenant = TenantId::parse("acme").expect("a slug");
        let shown = present(&tenant, 3, Civil::from_micros(1), &spec);
        prop_assert!(shown.agents.iter().all(|agent| agent.password.is_empty()));
        prop_assert!(shown.trunks.iter().all(|trunk| trunk.password.is_empty()));
        let outbound = shown.trunks.iter().filter_map(|trunk| trunk.outbound.as_ref());
        prop_assert!(outbound.clone().all(|it| it.password.is_empty()));
        let casework = shown.casework.clone().unwrap_or_default();
        prop_assert!(casework.mail.iter().all(|mail| mail.password.is_empty()));
        prop_assert!(casework.webhooks.iter().all(|hook| hook.secret.is_empty()));
        prop_assert_eq!((shown.name.as_str(), shown.etag.as_str()), ("tenants/acme/floor", "3"));
    }
}

#[test]
fn a_sealed_password_never_leaves() {
    let sealed = Digest::Sealed { ha1_md5: "a".into(), ha1_sha256: "b".into() };
    for way in [Passwords::Omit, Passwords::Send] {
        assert_eq!(password_to_wire(Some(&sealed), way), "");
    }
}

#[test]
fn what_is_absent_on_the_wire_is_as_in_a_definition_that_leaves_it_out() {
    let wire = pb::Floor {
        queues: vec![pb::Queue {
            id: "ventas".to_owned(),
            client: "acme".to_owned(),
            ..pb::Queue::default()
        }],
        ..pb::Floor::default()
    };
    let spec = from_wire(wire).expect("a readable floor");
    let queue: QueueSpec =
        serde_json::from_str(r#"{"id":"ventas","name":"","client":"acme"}"#).expect("a queue");
    assert_eq!(spec.queues, [queue]);
}

#[test]
fn a_campaign_that_says_little_is_as_in_a_definition_that_says_little() {
    let text = r#"{"id":"luz","name":"","client":"acme","queue":"ventas","lists":[],"trunks":[],
        "caller_ids":{"numbers":[]}}"#;
    let wire = pb::Floor {
        campaigns: vec![pb::Campaign {
            id: "luz".to_owned(),
            client: "acme".to_owned(),
            queue: "ventas".to_owned(),
            ..pb::Campaign::default()
        }],
        ..pb::Floor::default()
    };
    let spec = from_wire(wire).expect("a readable floor");
    let campaign: CampaignSpec = serde_json::from_str(text).expect("a campaign");
    assert_eq!(spec.campaigns, [campaign]);
}

#[test]
fn every_fault_of_lists_and_campaigns_is_reported_with_its_path() {
    let rule = pb::RecycleRule { delay: None, max: 1 };
    let wire = pb::Floor {
        lists: vec![pb::LeadList {
            id: "lugo".to_owned(),
            client: "acme".to_owned(),
            duplicates: "keep".to_owned(),
            ..pb::LeadList::default()
        }],
        campaigns: vec![pb::Campaign {
            id: "luz".to_owned(),
            client: "acme".to_owned(),
            queue: "ventas".to_owned(),
            purpose: "fun".to_owned(),
            caller_ids: Some(pb::CallerIdPool {
                numbers: vec!["910".to_owned()],
                rotation: "fast".to_owned(),
            }),
            hours: Some(pb::WeeklyHours {
                tue: vec!["9-21".to_owned()],
                ..pb::WeeklyHours::default()
            }),
            recycle: Some(pb::Recycle {
                after: [("gone".to_owned(), rule)].into(),
                ..pb::Recycle::default()
            }),
            ..pb::Campaign::default()
        }],
        ..pb::Floor::default()
    };
    let faults = from_wire(wire).expect_err("a faulty floor");
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "lists[0].duplicates",
            "campaigns[0].caller_ids.numbers[0]",
            "campaigns[0].caller_ids.rotation",
            "campaigns[0].purpose",
            "campaigns[0].hours.tue[0]",
            "campaigns[0].recycle.after.gone",
        ]
    );
}

#[test]
fn every_fault_is_reported_with_its_path() {
    let wire = pb::Floor {
        skills: vec!["voz".to_owned(), "Con Espacio".to_owned()],
        queues: vec![
            pb::Queue::default(),
            pb::Queue {
                id: "ventas".to_owned(),
                client: "acme".to_owned(),
                priority: 300,
                ring: Some(pb::RingPolicy { cadence: "ZZ".to_owned(), ..Default::default() }),
                wrap_up: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
                ..pb::Queue::default()
            },
        ],
        agents: vec![pb::Agent { id: "ana".to_owned(), station: 9, ..pb::Agent::default() }],
        trunks: vec![pb::Trunk {
            id: "t".to_owned(),
            addresses: vec!["10.0.0.1".to_owned(), "10.0.0.1/99".to_owned()],
            ..pb::Trunk::default()
        }],
        entry_points: vec![pb::EntryPoint { number: "612".to_owned(), queue: "ventas".to_owned() }],
        ..pb::Floor::default()
    };
    let faults = from_wire(wire).expect_err("a faulty floor");
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "skills[1]",
            "queues[0].id",
            "queues[0].client",
            "queues[1].priority",
            "queues[1].ring.cadence",
            "queues[1].wrap_up",
            "agents[0].station",
            "trunks[0].addresses[1]",
            "entry_points[0].number",
        ]
    );
}

#[test]
fn etags_are_versions() {
    assert_eq!(read_etag("etag", ""), Ok(None));
    assert_eq!(read_etag("etag", "12"), Ok(Some(12)));
    assert!(read_etag("etag", "new").is_err());
}
