//! `ComplianceService`: the law as Timbre knows it, and what it says about a number.

use timbre_compliance::{Catalog, Jurisdiction, Rule, RuleKind, Strength, Verified};
use timbre_model::{
    Civil, Consent, ConsentBasis, FieldError, LeadRole, NewLead, Party, PhoneNumber,
};
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::judge::Judge;
use crate::api::pb::{self, compliance_service_server::ComplianceService};
use crate::api::status::reasons;
use crate::api::wire::agent::optional;
use crate::api::wire::{name, time, verdict};
use crate::api::{Context, status};
use crate::driver::clock;
use crate::leads;

/// The service.
pub struct Laws(pub Context);

#[tonic::async_trait]
impl ComplianceService for Laws {
    async fn show_jurisdiction(
        &self,
        request: Request<pb::ShowJurisdictionRequest>,
    ) -> Result<Response<pb::Jurisdiction>, Status> {
        let country = request.get_ref().country.to_ascii_uppercase();
        let found = Catalog::shipped().jurisdiction(&country);
        let found = found.ok_or_else(|| {
            let known = Catalog::shipped().codes().collect::<Vec<_>>().join(", ");
            let what = format!("the law of {:?} (known are {known})", name::cut(&country));
            status::unknown(reasons::UNKNOWN_JURISDICTION, what)
        })?;
        Ok(Response::new(jurisdiction(found)))
    }

    async fn check_number(
        &self,
        request: Request<pb::CheckNumberRequest>,
    ) -> Result<Response<pb::Verdict>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::CheckNumberRequest {
            campaign,
            number,
            time: when,
            party,
            consent,
            consent_time,
            region,
        } = request.into_inner();
        let which = name::read_campaign("campaign", &campaign).map_err(status::invalid_field)?;
        caller.owns(&which.tenant)?;
        let at = time::read_moment("time", when).map_err(status::invalid_field)?;
        let at = at.unwrap_or_else(clock::civil);
        let judge = Judge::new(&self.0, &which.tenant, at).await?;
        let spec = judge.floor().campaigns.iter().find(|it| it.id == which.campaign);
        let spec = spec.ok_or_else(|| status::unknown(reasons::UNKNOWN_CAMPAIGN, &campaign))?;
        let home = leads::home_of(judge.floor(), &which.campaign).unwrap_or_default();
        let number = read_number(&number, &home).map_err(status::invalid_field)?;
        let consent_at = time::read_moment("consent_time", consent_time);
        let consent_at = consent_at.map_err(status::invalid_field)?.unwrap_or(at);
        let person = person(&party, &consent, consent_at).map_err(status::invalid_field)?;
        let mut callee = leads::located(&number);
        if !region.is_empty() {
            callee.place.region = Some(region.to_ascii_uppercase());
        }
        let request = judge.request(spec).await?;
        let ruling = judge.number(&request, callee, person).await?;
        Ok(Response::new(verdict::to_wire(ruling.verdict)))
    }
}

fn read_number(text: &str, home: &str) -> Result<PhoneNumber, FieldError> {
    let read = leads::number::read(text, home);
    // The number is not repeated: it could be a real one.
    let fault = |(reason, remedy)| FieldError::new("number", "", format!("{reason}: {remedy}"));
    read.map(|it| it.number).map_err(fault)
}

fn person(party: &str, consent: &str, given_at: Civil) -> Result<NewLead, FieldError> {
    let basis = optional("consent", consent, ConsentBasis::parse)?;
    Ok(NewLead {
        numbers: Vec::new(),
        name: String::new(),
        person: None,
        role: LeadRole::default(),
        party: optional("party", party, Party::parse)?.unwrap_or_default(),
        consent: basis.map(|basis| Consent { basis, given_at }),
        tags: std::collections::BTreeSet::new(),
        attributes: std::collections::BTreeMap::new(),
    })
}

fn jurisdiction(it: &Jurisdiction) -> pb::Jurisdiction {
    let holiday = |it: &timbre_compliance::Holiday| {
        let where_ = match it.regions.as_slice() {
            [] => String::new(),
            some => format!(" ({})", some.join(", ")),
        };
        format!("{}{where_}", it.name)
    };
    pb::Jurisdiction {
        country: it.code.clone(),
        display_name: it.name.clone(),
        rules: it.rules.iter().map(|rule| rule_to_wire(it, rule)).collect(),
        holidays: it.holidays.iter().map(holiday).collect(),
    }
}

fn rule_to_wire(of: &Jurisdiction, rule: &Rule) -> pb::Rule {
    let source = |key: &String| {
        of.sources.get(key).map(|it| format!("{} {}", it.title, it.url).trim().to_owned())
    };
    pb::Rule {
        id: rule.id.to_string(),
        kind: kind_word(&rule.kind).to_owned(),
        text: rule.text.clone(),
        from: rule.from.map(|it| it.to_string()).unwrap_or_default(),
        until: rule.to.map(|it| it.to_string()).unwrap_or_default(),
        strength: strength_word(rule.strength).to_owned(),
        verified: verified_word(rule.verified).to_owned(),
        sources: rule.sources.iter().filter_map(source).collect(),
        as_of: rule.as_of.clone(),
    }
}

/// The word of a kind of rule.
pub(crate) const fn kind_word(kind: &RuleKind) -> &'static str {
    match kind {
        RuleKind::Window(_) => "window",
        RuleKind::CountLimit(_) => "count_limit",
        RuleKind::Cooldown(_) => "cooldown",
        RuleKind::Deadline(_) => "deadline",
        RuleKind::RatioCap(_) => "ratio_cap",
        RuleKind::ListScrub(_) => "list_scrub",
        RuleKind::LegalBasis(_) => "legal_basis",
        RuleKind::CallerIdentity(_) => "caller_identity",
        RuleKind::Disclosure(_) => "disclosure",
        RuleKind::Evidence(_) => "evidence",
        RuleKind::Prohibition(_) => "prohibition",
        RuleKind::Availability(_) => "availability",
    }
}

const fn strength_word(strength: Strength) -> &'static str {
    match strength {
        Strength::Law => "law",
        Strength::Code => "code",
        Strength::House => "house",
    }
}

const fn verified_word(verified: Verified) -> &'static str {
    match verified {
        Verified::V1 => "V1",
        Verified::V2 => "V2",
        Verified::U => "U",
    }
}
