use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_.-]{0,8}"
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
    ) -> AgentSpec {
        AgentSpec {
            id: AgentId::parse(&id).expect("a slug"),
            name,
            skills,
            site: site.map(|text| SiteId::parse(&text).expect("a slug")),
            station: if persistent { StationMode::Persistent } else { StationMode::OnDemand },
            password: password.map(Digest::Plain),
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
    ) -> FloorSpec {
        let pauses: BTreeSet<Slug> =
            pauses.iter().map(|text| Slug::parse(text).expect("a slug")).collect();
        FloorSpec {
            clients: clients.into_iter().map(|(id, name)| ClientSpec {
                id: ClientId::parse(&id).expect("a slug"), name,
            }).collect(),
            skills: skills.into_keys().collect(),
            dispositions: pauses.clone(),
            pauses, queues, agents, trunks,
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
