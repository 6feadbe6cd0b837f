use proptest::prelude::*;
use timbre_casework::case::{Amendment, NewTask, Word};
use timbre_casework::{
    Answer, By, Confirmation, Deadline, Note, Party, Proposal, Receipt, Step, StepDone, Task,
};
use timbre_model::{CallId, Civil};

use super::*;

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

fn maybe_at() -> impl Strategy<Value = Option<Civil>> {
    proptest::option::of(at())
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z]{1,8}".prop_map(|it| Slug::parse(&it).expect("a slug"))
}

fn agent() -> impl Strategy<Value = AgentId> {
    "[a-z]{1,8}".prop_map(|it| AgentId::parse(&it).expect("an id"))
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![Just(By::System), "[0-9a-f]{8}".prop_map(By::Desk), agent().prop_map(By::Agent)]
}

fn text_() -> impl Strategy<Value = String> {
    "[a-zñ \n]{0,20}"
}

fn filled() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zñ]{1,9}")
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn maybe_of<T: Copy + std::fmt::Debug + 'static>(
    all: &'static [T],
) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(one_of(all))
}

fn number() -> impl Strategy<Value = Option<PhoneNumber>> {
    let number = "[1-9][0-9]{6,13}";
    let number = number.prop_map(|it| PhoneNumber::parse(&format!("+{it}")).expect("a number"));
    proptest::option::of(number)
}

fn amendment() -> impl Strategy<Value = Amendment> {
    let who = (proptest::option::of(any::<u128>()), filled(), number(), filled(), filled());
    let words = (filled(), filled(), filled(), filled(), filled());
    let kinds = (
        proptest::option::of(slug()),
        maybe_of(Cause::ALL),
        maybe_of(Severity::ALL),
        maybe_of(Matter::ALL),
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<u128>()),
    );
    (who, words, kinds).prop_map(|(who, words, kinds)| {
        let (customer, customer_name, number, mail, language) = who;
        let (statement, consequences, remedy_sought, solution, product) = words;
        let (department, cause, severity, matter, recording_consent, sale) = kinds;
        Amendment {
            customer: customer.map(CustomerId::from_u128),
            customer_name,
            number,
            mail,
            language,
            statement,
            department,
            cause,
            consequences,
            remedy_sought,
            solution,
            severity,
            product,
            matter,
            recording_consent,
            sale: sale.map(SaleId::from_u128),
        }
    })
}

fn steps() -> impl Strategy<Value = Vec<StepDone>> {
    let step = (one_of(Step::ALL), any::<u64>());
    proptest::collection::vec(step.prop_map(|(step, after_ms)| StepDone { step, after_ms }), 0..4)
}

fn taken_down() -> impl Strategy<Value = TakenDown> {
    let what = (one_of(CaseKind::ALL), one_of(Channel::ALL), maybe_at());
    let call = proptest::option::of(any::<u128>().prop_map(CallId::from_u128));
    let client = proptest::option::of(slug().prop_map(|it| ClientId::parse(it.as_str())));
    (what, call, client, text_(), text_(), amendment(), steps()).prop_map(
        |(
            (kind, channel, received_at),
            call,
            client,
            customer_name,
            statement,
            more,
            checklist,
        )| {
            TakenDown {
                client: client.map(|it| it.expect("an id")),
                kind,
                channel,
                received_at,
                call,
                customer_name,
                statement,
                more: Amendment { customer_name: None, statement: None, ..more },
                checklist,
            }
        },
    )
}

fn deadline() -> impl Strategy<Value = Deadline> {
    let escalated = proptest::collection::vec((slug(), at()), 0..3);
    (at(), at(), text_(), any::<u32>(), maybe_at(), maybe_at(), escalated, maybe_at()).prop_map(
        |(since, due_at, rule, warned, lapsed_at, met_at, escalated, wake_at)| Deadline {
            since,
            due_at,
            rule,
            warned,
            lapsed_at,
            met_at,
            escalated,
            wake_at,
        },
    )
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![
        Just(Party::Customer),
        agent().prop_map(Party::Agent),
        slug().prop_map(Party::Department)
    ]
}

type Worked =
    (Vec<Proposal>, Vec<Task>, Option<Answer>, Option<Confirmation>, Vec<Note>, Option<Receipt>);

fn worked() -> impl Strategy<Value = Worked> {
    let maybe = || proptest::option::of(any::<bool>());
    let proposal = (at(), by(), text_(), maybe());
    let proposal =
        proposal.prop_map(|(at, by, text, accepted)| Proposal { at, by, text, accepted });
    let task = (text_(), party(), at(), maybe_at());
    let task = task.prop_map(|(what, who, by, done_at)| Task { what, who, by, done_at });
    let answer = (at(), by(), text_(), one_of(Channel::ALL), text_(), any::<bool>(), filled());
    let answer = (answer, maybe_at()).prop_map(
        |((at, by, text, channel, language, upheld, adr), cure_until)| Answer {
            at,
            by,
            text,
            channel,
            language,
            upheld,
            adr,
            cure_until,
        },
    );
    let said = (at(), by(), any::<bool>(), text_());
    let said = said.prop_map(|(at, by, satisfied, note)| Confirmation { at, by, satisfied, note });
    let note = (at(), by(), text_(), text_());
    let note = note.prop_map(|(at, by, what, text)| Note { at, by, what, text });
    let receipt = (at(), one_of(Channel::ALL), text_());
    let receipt = receipt.prop_map(|(at, channel, to)| Receipt { at, channel, to });
    (
        proptest::collection::vec(proposal, 0..3),
        proptest::collection::vec(task, 0..3),
        proptest::option::of(answer),
        proptest::option::of(said),
        proptest::collection::vec(note, 0..3),
        proptest::option::of(receipt),
    )
}

fn case() -> impl Strategy<Value = Case> {
    let ids = (any::<u128>(), any::<u64>(), 1..u64::MAX, one_of(CaseState::ALL), at(), by());
    let times = (proptest::option::of(deadline()), proptest::collection::vec(deadline(), 0..2));
    let rest = (proptest::option::of(agent()), maybe_at(), any::<u32>(), any::<Option<u128>>());
    (ids, taken_down(), times, rest, worked()).prop_map(|(ids, taken, times, rest, worked)| {
        let (id, chance, version, state, received_at, received_by) = ids;
        let TakenDown { kind, channel, call, customer_name, statement, more, checklist, .. } =
            taken;
        let (owner, closed_at, reopened, follow_up) = rest;
        let (proposals, tasks, answer, confirmation, story, receipt) = worked;
        Case {
            id: CaseId::from_u128(id),
            tenant: TenantId::parse("acme").expect("an id"),
            client: ClientId::parse("luz").expect("an id"),
            version,
            key: CaseKey::from_chance(chance),
            kind,
            state,
            received_at,
            received_by,
            channel,
            call,
            queue: Some(QueueId::parse("ventas").expect("an id")),
            customer: more.customer,
            customer_name,
            number: more.number,
            mail: more.mail,
            language: more.language.unwrap_or_default(),
            statement,
            department: more.department,
            cause: more.cause,
            consequences: more.consequences.unwrap_or_default(),
            remedy_sought: more.remedy_sought.unwrap_or_default(),
            solution: more.solution.unwrap_or_default(),
            severity: more.severity.unwrap_or(Severity::Normal),
            product: more.product.unwrap_or_default(),
            matter: more.matter.unwrap_or(Matter::General),
            recording_consent: more.recording_consent,
            receipt,
            deadline: times.0,
            former_deadlines: times.1,
            owner,
            proposals,
            tasks,
            answer,
            confirmation,
            closed_at,
            reopened,
            sale: more.sale,
            follow_up: follow_up.map(FollowUpId::from_u128),
            checklist,
            story,
        }
    })
}

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

proptest! {
    #[test]
    fn cases_read_back(case in case()) {
        prop_assert_eq!(from_wire(to_wire(&case)), Ok(case));
    }

    #[test]
    fn what_is_taken_down_and_changed_reads_back(taken in taken_down(), more in amendment()) {
        prop_assert_eq!(taking_from_wire(taking_to_wire(&taken)), Ok(taken));
        let (wire, mask) = amendment_to_wire(&more);
        prop_assert_eq!(amendment_from_wire(wire.clone(), None), Ok(more.clone()));
        prop_assert_eq!(amendment_from_wire(wire, Some(mask)), Ok(more));
    }

    #[test]
    fn tasks_and_words_read_back(
        tasks in proptest::collection::vec((text_(), party(), at()), 0..3),
        word in (text_(), any::<bool>(), maybe_of(Channel::ALL), filled(), any::<bool>(), text_()),
    ) {
        let task = |(what, who, by)| NewTask { what, who, by };
        let tasks: Vec<_> = tasks.into_iter().map(task).collect();
        prop_assert_eq!(tasks_from_wire(tasks_to_wire(&tasks)), Ok(tasks));
        let (text, upheld, channel, language, as_asked, adr) = word;
        let word = Word { text, upheld, channel, language, as_asked, adr };
        prop_assert_eq!(word_from_wire(Some(word_to_wire(&word))), Ok(word));
    }

    #[test]
    fn queries_read_back(
        flags: (bool, bool),
        kinds in (maybe_of(CaseState::ALL), maybe_of(CaseKind::ALL), maybe_of(Cause::ALL)),
        who in (proptest::option::of(agent()), proptest::option::of(slug())),
        customer in any::<Option<u128>>(),
        when in (maybe_at(), maybe_at()),
    ) {
        let query = CaseQuery {
            overdue: flags.0,
            open: flags.1,
            state: kinds.0,
            kind: kinds.1,
            owner: who.0,
            client: Some(ClientId::parse("luz").expect("an id")),
            cause: kinds.2,
            department: who.1,
            customer: customer.map(CustomerId::from_u128),
            from: when.0,
            to: when.1,
        };
        prop_assert_eq!(query_from_wire(&query_to_wire(&query)), Ok(query));
    }
}

#[test]
fn a_mask_empties_what_may_be_empty_and_nothing_else() {
    let mask = |fields: &[&str]| Some(fields.iter().map(ToString::to_string).collect());
    let read = |fields| amendment_from_wire(pb::Case::default(), mask(fields));
    assert_eq!(read(&["solution"]).expect("read").solution.as_deref(), Some(""));
    assert_eq!(read(&["cause"]).expect_err("no cause").field, "case.cause");
    assert_eq!(read(&["state"]).expect_err("a verb's").field, "update_mask");
    let other = pb::Case { solution: "x".into(), product: "y".into(), ..pb::Case::default() };
    let only = amendment_from_wire(other, mask(&["product"])).expect("read");
    assert_eq!((only.solution, only.product.as_deref()), (None, Some("y")));
}

#[test]
fn a_case_is_named_by_its_id_or_its_key_with_or_without_the_tenant() {
    let (id, key) = (CaseId::from_u128(7), CaseKey::from_chance(482_193_057));
    for (text, named) in [
        (name(&tenant(), id), CaseName::Id(id)),
        (name_by_key(&tenant(), key), CaseName::Key(key)),
        (id.to_string(), CaseName::Id(id)),
        (key.to_string(), CaseName::Key(key)),
    ] {
        assert_eq!(read_name("name", &text, &tenant()), Ok((tenant(), named)), "{text}");
    }
    for bad in ["", "tenants/acme", "tenants/acme/sales/7", "482 193 057 5"] {
        assert!(read_name("name", bad, &tenant()).is_err(), "{bad}");
    }
}
