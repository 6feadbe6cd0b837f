//! Dispositions as VICIdial's statuses: the columns of its table `vicidial_campaign_statuses`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use timbre_model::{DispositionSpec, DispositionTree, Effect, Reach, Slug};

use super::has;
use crate::api::client::ListedDisposition as Listed;

/// Longest status code of VICIdial.
const STATUS_MAX: usize = 6;

/// When a lead is tried again whose status says that it is not completed, and not when.
const RETRY_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// A status. Flags are `Y` or `N`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Status {
    status: String,
    status_name: String,
    #[serde(default = "yes")]
    selectable: String,
    #[serde(default)]
    human_answered: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    sale: String,
    #[serde(default)]
    dnc: String,
    #[serde(default)]
    customer_contact: String,
    #[serde(default)]
    not_interested: String,
    #[serde(default)]
    unworkable: String,
    #[serde(default)]
    scheduled_callback: String,
    #[serde(default)]
    completed: String,
}

fn yes() -> String {
    "Y".to_owned()
}

fn flag(is: bool) -> String {
    if is { "Y" } else { "N" }.to_owned()
}

fn is(flag: &str) -> bool {
    flag.eq_ignore_ascii_case("y")
}

/// The statuses as CSV. One without a code of VICIdial's gets its own, shortened.
pub(super) fn export(all: &[Listed]) -> anyhow::Result<String> {
    let mut to = csv::Writer::from_writer(Vec::new());
    let mut taken = std::collections::BTreeSet::new();
    let own = all.iter().filter_map(|(it, _)| it.vicidial.clone());
    taken.extend(own);
    for (it, groups) in all {
        let code = it.vicidial.clone().unwrap_or_else(|| free_code(&it.code, &mut taken));
        to.serialize(status(it, code, groups.first().cloned()))?;
    }
    Ok(String::from_utf8(to.into_inner()?)?)
}

/// A code of at most six letters that no other status has.
fn free_code(code: &Slug, taken: &mut std::collections::BTreeSet<String>) -> String {
    let letters = code.as_str().chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|it| it.to_ascii_uppercase()).collect();
    let short = |room: usize| letters.chars().take(room).collect::<String>();
    let numbered = (1_u32..).map(|n| {
        let number = n.to_string();
        short(STATUS_MAX.saturating_sub(number.len())) + &number
    });
    let whole = Some(short(STATUS_MAX)).filter(|it| !it.is_empty());
    let free = whole.into_iter().chain(numbered).find(|it| taken.insert(it.clone()));
    free.unwrap_or_default()
}

fn status(it: &DispositionSpec, status: String, category: Option<String>) -> Status {
    let person = !has(it, |it| matches!(it, Effect::WrongNumber));
    let again = has(it, |it| matches!(it, Effect::Retry { .. } | Effect::Callback));
    let lost = has(it, |it| matches!(it, Effect::WrongNumber | Effect::Deceased));
    Status {
        status,
        status_name: it.name.clone(),
        selectable: yes(),
        human_answered: yes(),
        category: category.unwrap_or_default(),
        sale: flag(has(it, |it| matches!(it, Effect::Sale { .. }))),
        dnc: flag(has(it, |it| matches!(it, Effect::DoNotCall { .. }))),
        customer_contact: flag(person),
        not_interested: flag(has(it, |it| matches!(it, Effect::Refused))),
        unworkable: flag(lost),
        scheduled_callback: flag(has(it, |it| matches!(it, Effect::Callback))),
        completed: flag(!again),
    }
}

/// The tree of statuses that an agent can select, for the floor's definition.
pub(super) fn import(text: &str, id: Slug, policy: Option<&Slug>) -> anyhow::Result<String> {
    let mut from = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut dispositions = Vec::new();
    for (at, status) in from.deserialize::<Status>().enumerate() {
        let status = status.with_context(|| format!("line {}", at + 2))?;
        if is(&status.selectable) {
            dispositions.push(disposition(&status, policy)?);
        }
    }
    #[derive(Serialize)]
    struct Section {
        disposition_trees: Vec<DispositionTree>,
    }
    let section = Section { disposition_trees: vec![DispositionTree { id, dispositions }] };
    Ok(serde_saphyr::to_string(&section)?)
}

fn disposition(status: &Status, policy: Option<&Slug>) -> anyhow::Result<DispositionSpec> {
    let letters = status.status.to_ascii_lowercase();
    let code = Slug::parse(&letters).with_context(|| format!("status {:?}", status.status))?;
    let name = Some(status.status_name.trim()).filter(|it| !it.is_empty());
    Ok(DispositionSpec {
        name: name.unwrap_or(&status.status).to_owned(),
        vicidial: Some(status.status.clone()),
        effects: effects(status, policy)?,
        ..DispositionSpec::plain(code)
    })
}

fn effects(status: &Status, policy: Option<&Slug>) -> anyhow::Result<Vec<Effect>> {
    let mut effects = Vec::new();
    if is(&status.sale) {
        let Some(policy) = policy else {
            bail!("status {} is a sale: name its policy by --policy", status.status);
        };
        effects.push(Effect::Sale { policy: policy.clone() });
    }
    if is(&status.dnc) {
        effects.push(Effect::DoNotCall { reach: Reach::Client });
    }
    if is(&status.not_interested) {
        effects.push(Effect::Refused);
    }
    if is(&status.unworkable) && !is(&status.customer_contact) {
        effects.push(Effect::WrongNumber);
    }
    if is(&status.scheduled_callback) {
        effects.push(Effect::Callback);
    } else if status.completed.eq_ignore_ascii_case("n") && effects.is_empty() {
        effects.push(Effect::Retry { after: RETRY_AFTER });
    }
    Ok(effects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse(text).expect("a slug")
    }

    const CSV: &str = "status,status_name,selectable,human_answered,category,sale,dnc,customer_contact,\
                       not_interested,unworkable,scheduled_callback,completed\n\
                       SALE,Sale made,Y,Y,Good,Y,N,Y,N,N,N,Y\n\
                       DNC,Do not call,Y,Y,,N,Y,Y,N,N,N,Y\n\
                       NI,Not interested,Y,Y,,N,N,Y,Y,N,N,Y\n\
                       WRONG,Wrong number,Y,Y,,N,N,N,N,Y,N,Y\n\
                       CALLBK,Call back,Y,Y,,N,N,Y,N,N,Y,N\n\
                       LATER,Later,Y,Y,,N,N,Y,N,N,N,N\n";

    fn trees(yaml: &str) -> Vec<DispositionTree> {
        #[derive(Deserialize)]
        struct Section {
            disposition_trees: Vec<DispositionTree>,
        }
        serde_saphyr::from_str::<Section>(yaml).expect("a section").disposition_trees
    }

    #[test]
    fn statuses_become_a_tree_and_come_back_the_same() {
        let yaml = import(CSV, slug("vd"), Some(&slug("care"))).expect("a tree");
        let tree = trees(&yaml).pop().expect("a tree");
        let effects: Vec<_> =
            tree.leaves().map(|it| (it.code.as_str(), it.effects.clone())).collect();
        assert_eq!(
            effects,
            [
                ("sale", vec![Effect::Sale { policy: slug("care") }]),
                ("dnc", vec![Effect::DoNotCall { reach: Reach::Client }]),
                ("ni", vec![Effect::Refused]),
                ("wrong", vec![Effect::WrongNumber]),
                ("callbk", vec![Effect::Callback]),
                ("later", vec![Effect::Retry { after: RETRY_AFTER }]),
            ]
        );
        let listed = |it: &DispositionSpec| {
            let group = (it.code.as_str() == "sale").then(|| "Good".to_owned());
            (it.clone(), group.into_iter().collect())
        };
        let listed: Vec<Listed> = tree.leaves().map(listed).collect();
        assert_eq!(export(&listed).expect("statuses"), CSV);
    }

    #[test]
    fn a_sale_needs_a_policy_and_what_agents_cannot_select_is_left_out() {
        assert!(import(CSV, slug("vd"), None).is_err());
        let hidden = "status,status_name,selectable\nNA,No answer,N\nA,Answering machine,Y\n";
        let tree = trees(&import(hidden, slug("vd"), None).expect("a tree")).pop().expect("a tree");
        assert_eq!(tree.leaves().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn codes_are_made_short_and_each_once() {
        let listed = |code: &str| (DispositionSpec::plain(slug(code)), Vec::new());
        let csv =
            export(&[listed("volver-a-llamar"), listed("volver-a-llorar")]).expect("statuses");
        let codes: Vec<_> = csv.lines().skip(1).filter_map(|it| it.split(',').next()).collect();
        assert_eq!(codes, ["VOLVER", "VOLVE1"]);
    }
}
