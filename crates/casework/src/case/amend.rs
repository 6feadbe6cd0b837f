//! What is learned of a case later, or was taken down wrongly.

use serde_json::json;
use timbre_model::{FieldError, PhoneNumber, Slug};

use super::deadline::{self, CaseRules};
use super::take::interaction;
use super::text::{LINE_MAX, TEXT_MAX, language, line, mail, needed, text};
use super::turn::{Turn, only_open};
use crate::{Act, Case, Cause, CustomerId, Matter, Refusal, SaleId, Severity, Work};

/// Fields of a case that are given; the others stay as they are. An empty text empties its field, where it may be empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Amendment {
    /// The customer.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: Option<String>,
    /// Where they can be reached.
    pub number: Option<PhoneNumber>,
    /// Where they can be written to.
    pub mail: Option<String>,
    /// In which language they are answered (BCP 47).
    pub language: Option<String>,
    /// What they complain of.
    pub statement: Option<String>,
    /// The department concerned.
    pub department: Option<Slug>,
    /// Why it came to this. An undue charge and continuity set the matter, too, where none is given.
    pub cause: Option<Cause>,
    /// What it has done to the customer.
    pub consequences: Option<String>,
    /// What they ask for.
    pub remedy_sought: Option<String>,
    /// What is done about it.
    pub solution: Option<String>,
    /// How grave it is.
    pub severity: Option<Severity>,
    /// The product or service.
    pub product: Option<String>,
    /// What it is about, as far as a law sets another term for it: the deadline follows it.
    pub matter: Option<Matter>,
    /// Whether the customer agreed to be recorded.
    pub recording_consent: Option<bool>,
    /// The sale it is about.
    pub sale: Option<SaleId>,
}

/// Changes fields of an open case.
pub fn amend(
    case: &Case,
    amendment: Amendment,
    act: &Act,
    rules: &CaseRules<'_>,
) -> Result<Work, Refusal> {
    only_open(case, "amended")?;
    let mut turn = Turn::of(case, act);
    let changed = amendment.fields();
    amendment.apply(&mut turn.case)?;
    if turn.case.matter != case.matter {
        turn.case.deadline = follow_matter(&turn.case, act, rules);
    }
    turn.did("amended", changed.join(", "), json!({ "fields": changed }));
    let contact = interaction(&turn.case).filter(|_| turn.case.customer != case.customer);
    let mut work = turn.done();
    work.interactions.extend(contact);
    Ok(work)
}

/// The deadline of another matter counts from the same moment. What was done about the former one stays done: nobody is
/// brought the same case twice.
fn follow_matter(case: &Case, act: &Act, rules: &CaseRules<'_>) -> Option<crate::Deadline> {
    let former = case.deadline.as_ref()?;
    let mut now = deadline::of(case.kind, case.matter, former.since, act.at, rules)?;
    now.escalated.clone_from(&former.escalated);
    now.lapsed_at = former.lapsed_at.filter(|_| now.due_at < act.at);
    now.met_at = former.met_at;
    now.wake_at = now.next(rules.spec);
    Some(now)
}

impl Amendment {
    /// The names of the fields that are given.
    fn fields(&self) -> Vec<&'static str> {
        let given = [
            ("customer", self.customer.is_some()),
            ("customer_name", self.customer_name.is_some()),
            ("number", self.number.is_some()),
            ("mail", self.mail.is_some()),
            ("language", self.language.is_some()),
            ("statement", self.statement.is_some()),
            ("department", self.department.is_some()),
            ("cause", self.cause.is_some()),
            ("consequences", self.consequences.is_some()),
            ("remedy_sought", self.remedy_sought.is_some()),
            ("solution", self.solution.is_some()),
            ("severity", self.severity.is_some()),
            ("product", self.product.is_some()),
            ("matter", self.matter.is_some()),
            ("recording_consent", self.recording_consent.is_some()),
            ("sale", self.sale.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// Writes what is given into `case`.
    pub(super) fn apply(self, case: &mut Case) -> Result<(), FieldError> {
        self.words(case)?;
        case.customer = self.customer.or(case.customer);
        case.number = self.number.or(case.number.take());
        case.department = self.department.or(case.department.take());
        case.severity = self.severity.unwrap_or(case.severity);
        case.recording_consent = self.recording_consent.or(case.recording_consent);
        case.sale = self.sale.or(case.sale);
        let implied = self.cause.and_then(|cause| match cause {
            Cause::UndueCharge => Some(Matter::Billing),
            Cause::Continuity => Some(Matter::Continuity),
            _ => None,
        });
        let implied = implied.filter(|_| case.matter == Matter::General);
        case.matter = self.matter.or(implied).unwrap_or(case.matter);
        case.cause = self.cause.or(case.cause);
        Ok(())
    }

    fn words(&self, case: &mut Case) -> Result<(), FieldError> {
        let long = |field, given: &Option<String>, into: &mut String| {
            let given = given.as_ref().map(|it| text(field, it, TEXT_MAX)).transpose()?;
            *into = given.unwrap_or_else(|| std::mem::take(into));
            Ok::<_, FieldError>(())
        };
        long("consequences", &self.consequences, &mut case.consequences)?;
        long("remedy_sought", &self.remedy_sought, &mut case.remedy_sought)?;
        long("solution", &self.solution, &mut case.solution)?;
        if let Some(it) = &self.statement {
            let remedy = "write down what the customer says, in their words";
            case.statement = needed("statement", it, TEXT_MAX, remedy)?;
        }
        if let Some(it) = &self.customer_name {
            case.customer_name = needed("customer_name", it, LINE_MAX, "ask the customer's name")?;
        }
        if let Some(it) = &self.product {
            case.product = line("product", it)?;
        }
        if let Some(it) = &self.language {
            case.language = language("language", it)?;
        }
        match self.mail.as_deref() {
            None => {}
            Some("") => case.mail = None,
            Some(it) => case.mail = Some(mail("mail", it)?),
        }
        Ok(())
    }
}
