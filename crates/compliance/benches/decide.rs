//! What a decision costs: it is made inside the transaction that authorizes a batch.

use divan::Bencher;
use timbre_compliance::{
    Attempt, Catalog, Charge, History, Lists, Presented, RegistryState, Verdict, decide, locate,
};
use timbre_model::{
    CampaignId, Civil, ClientId, Consent, ConsentBasis, Party, PhoneNumber, Purpose, Voice,
};

/// Friday 2026-11-20T11:00Z: noon in Madrid.
const NOON: i64 = 1_795_172_400_000_000;
const HOUR: i64 = 3_600_000_000;

fn main() {
    divan::main();
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}

fn attempt(to: &str, cid: &str) -> Attempt {
    let number = number(to);
    let found = locate(&number, None).expect("a plan");
    let given_at = Civil::from_micros(NOON - 100 * 24 * HOUR);
    Attempt {
        number,
        place: found.place,
        zones: found.zones,
        purpose: Purpose::Marketing,
        party: Party::Consumer,
        sector: None,
        consent: Some(Consent { basis: ConsentBasis::ExistingCustomer, given_at }),
        voice: Voice::Human,
        caller_id: Some(Presented::Number(self::number(cid))),
        campaign: CampaignId::parse("spring").expect("a name"),
        client: Some(ClientId::parse("acme").expect("a name")),
        person: None,
        campaign_started: None,
        schedule: None,
        guaranteed_agent: false,
        adherent_codes: vec!["house.counts".to_owned(), "house.dialing".to_owned()],
    }
}

fn history(attempt: &Attempt, charges: i64) -> History {
    let charge = |index: i64| Charge {
        at: Civil::from_micros(NOON - (index + 1) * 25 * HOUR),
        number: attempt.number.clone(),
        person: None,
        client: attempt.client.clone(),
        campaign: attempt.campaign.clone(),
        answered: false,
        conversation: false,
        abandoned: false,
        refused: None,
    };
    History { charges: (0..charges).map(charge).collect() }
}

fn lists() -> Lists {
    let registry = |name: &str| RegistryState {
        name: name.to_owned(),
        imported_version: "2026-11-19".to_owned(),
        imported_at: Civil::from_micros(NOON - 24 * HOUR),
        listed: false,
    };
    Lists { internal: None, registries: ["es-robinson", "us-dnc"].map(registry).into() }
}

/// At midnight in Madrid a number is refused, at noon permitted.
fn run(bencher: Bencher<'_, '_>, to: &str, cid: &str, now: i64) {
    let (catalog, lists) = (Catalog::shipped(), lists());
    let attempt = attempt(to, cid);
    let history = history(&attempt, 10);
    let decision = decide(catalog, &attempt, &history, &lists, Civil::from_micros(now));
    let permitted = matches!(decision.verdict, Verdict::Permit(_));
    assert_eq!(permitted, now == NOON, "{:#?}", decision.explain());
    bencher.bench(|| decide(catalog, &attempt, &history, &lists, Civil::from_micros(now)));
}

#[divan::bench]
fn a_spanish_number_with_ten_charges_is_permitted(bencher: Bencher<'_, '_>) {
    run(bencher, "+34915551234", "+34400123456", NOON);
}

#[divan::bench]
fn a_spanish_mobile_with_two_zones_is_permitted(bencher: Bencher<'_, '_>) {
    run(bencher, "+34612345678", "+34400123456", NOON);
}

#[divan::bench]
fn a_spanish_number_is_refused_until_monday(bencher: Bencher<'_, '_>) {
    run(bencher, "+34915551234", "+34400123456", NOON + 12 * HOUR);
}

#[divan::bench]
fn a_number_anywhere_in_the_united_states_is_refused(bencher: Bencher<'_, '_>) {
    run(bencher, "+18005550123", "+12125550123", NOON - HOUR);
}

#[divan::bench]
fn a_number_is_placed(bencher: Bencher<'_, '_>) {
    let number = number("+34612345678");
    bencher.bench(|| locate(divan::black_box(&number), Some("28013")));
}
