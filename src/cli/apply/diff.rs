//! What a new definition changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};
use timbre_model::{CaseworkSpec, FloorSpec};

/// A line for each thing that is added (`+`), taken away (`-`) or changed (`~`, with what of it). Passwords, which the
/// server does not show, are not compared.
pub fn changes(before: &FloorSpec, after: &FloorSpec) -> Vec<String> {
    let FloorSpec {
        clients,
        skills,
        pauses,
        dispositions,
        disposition_trees,
        queues,
        agents,
        trunks,
        entry_points,
        lists,
        campaigns,
        casework,
    } = after;
    let mut lines = Vec::new();
    things("client", "id", &before.clients, clients, &mut lines);
    words("skill", &before.skills, skills, &mut lines);
    words("pause", &before.pauses, pauses, &mut lines);
    words("disposition", &before.dispositions, dispositions, &mut lines);
    things("disposition tree", "id", &before.disposition_trees, disposition_trees, &mut lines);
    things("queue", "id", &before.queues, queues, &mut lines);
    things("agent", "id", &before.agents, agents, &mut lines);
    things("trunk", "id", &before.trunks, trunks, &mut lines);
    things("entry point", "number", &before.entry_points, entry_points, &mut lines);
    things("list", "id", &before.lists, lists, &mut lines);
    things("campaign", "id", &before.campaigns, campaigns, &mut lines);
    let changed = differing(&casework_fields(&before.casework), &casework_fields(casework));
    if !changed.is_empty() {
        lines.push(format!("~ casework: {}", changed.join(", ")));
    }
    lines
}

fn words<T: Ord + ToString>(
    kind: &str,
    before: &BTreeSet<T>,
    after: &BTreeSet<T>,
    lines: &mut Vec<String>,
) {
    lines.extend(after.difference(before).map(|it| format!("+ {kind} {}", it.to_string())));
    lines.extend(before.difference(after).map(|it| format!("- {kind} {}", it.to_string())));
}

fn things<T: Serialize>(kind: &str, key: &str, before: &[T], after: &[T], lines: &mut Vec<String>) {
    let (before, after) = (by_key(key, before), by_key(key, after));
    for (id, new) in &after {
        match before.get(id) {
            None => lines.push(format!("+ {kind} {id}")),
            Some(old) if old != new => {
                lines.push(format!("~ {kind} {id}: {}", differing(old, new).join(", ")));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|id| !after.contains_key(*id));
    lines.extend(gone.map(|id| format!("- {kind} {id}")));
}

type Fields = Map<String, Value>;

fn casework_fields(casework: &CaseworkSpec) -> Fields {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(casework) else {
        return Fields::new();
    };
    if let Some(Value::Object(mail)) = fields.get_mut("mail") {
        mail.remove("password");
    }
    if let Some(Value::Array(hooks)) = fields.get_mut("webhooks") {
        let hooks = hooks.iter_mut().filter_map(Value::as_object_mut);
        hooks.for_each(|hook| {
            hook.remove("secret");
        });
    }
    fields
}

fn by_key<T: Serialize>(key: &str, things: &[T]) -> BTreeMap<String, Fields> {
    let fields = |thing: &T| match serde_json::to_value(thing) {
        Ok(Value::Object(mut fields)) => {
            fields.remove("password");
            if let Some(Value::Object(outbound)) = fields.get_mut("outbound") {
                outbound.remove("password");
            }
            let id = fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            Some((id, fields))
        }
        Ok(_) | Err(_) => None,
    };
    things.iter().filter_map(fields).collect()
}

fn differing(old: &Fields, new: &Fields) -> Vec<String> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = |name: &&String| old.get(*name) != new.get(*name);
    names.into_iter().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::apply::yaml;

    fn floor(agents: &str) -> FloorSpec {
        yaml::read(&format!("skills: [voz]\npauses: [comida]\nagents: {agents}\n"))
            .expect("a floor")
    }

    #[test]
    fn additions_removals_and_changed_fields_are_told() {
        let before = floor("[{id: ana, name: Ana}, {id: bea, name: Bea}]");
        let mut after =
            floor("[{id: ana, name: Anna, skills: {voz: 3}}, {id: carla, name: Carla}]");
        after.pauses.clear();
        let told = changes(&before, &after);
        assert_eq!(
            told,
            ["- pause comida", "~ agent ana: name, skills", "+ agent carla", "- agent bea"]
        );
        assert!(changes(&after, &after).is_empty());
    }

    #[test]
    fn passwords_are_not_compared() {
        let with = floor("[{id: ana, name: Ana, password: secreta}]");
        assert!(changes(&floor("[{id: ana, name: Ana}]"), &with).is_empty());
    }
}
