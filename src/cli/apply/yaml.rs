//! A floor's definition in YAML, whose faults name their lines.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use timbre_model::{Digest, FieldError, FloorSpec};

/// Reads a definition; otherwise a line of text for each fault, with its line, its field, what stands there and what to
/// write instead.
pub fn read(text: &str) -> Result<FloorSpec, String> {
    let spec: FloorSpec = serde_saphyr::from_str(text).map_err(|it| in_words(&it.to_string()))?;
    let mut faults = spec.faults();
    faults.extend(sealed(&spec));
    if faults.is_empty() {
        return Ok(spec);
    }
    let tree = serde_saphyr::from_str::<Spanned<Node>>(text).ok();
    let say = |fault: &FieldError| match tree.as_ref().map(|it| line_of(it, &fault.field)) {
        Some(line) => format!("  line {line}: {fault}"),
        None => format!("  {fault}"),
    };
    Err(faults.iter().map(say).collect::<Vec<_>>().join("\n"))
}

/// The parser's text without the names of Rust's types.
fn in_words(text: &str) -> String {
    let text = text.replace("invalid u8", "write a whole number from 0 to 255");
    text.replace("invalid u32", "write a whole number, 0 or more")
}

/// A sealed password cannot be sent: the server seals what it gets.
fn sealed(spec: &FloorSpec) -> Vec<FieldError> {
    let is_sealed = |it: &Option<Digest>| matches!(it, Some(Digest::Sealed { .. }));
    let fault = |field: String| FieldError::new(field, "", "write the password itself");
    let agents = spec.agents.iter().enumerate().filter(|(_, it)| is_sealed(&it.password));
    let trunks = spec.trunks.iter().enumerate().filter(|(_, it)| is_sealed(&it.password));
    let agents = agents.map(|(at, _)| fault(format!("agents[{at}].password")));
    agents.chain(trunks.map(|(at, _)| fault(format!("trunks[{at}].password")))).collect()
}

/// YAML as it stands, with the place of every value.
enum Node {
    Map(BTreeMap<String, Spanned<Node>>),
    List(Vec<Spanned<Node>>),
    Leaf,
}

/// The line of the value at `path`, or of the nearest one above it that is there.
fn line_of(tree: &Spanned<Node>, path: &str) -> u64 {
    let mut here = tree;
    for step in path.split(['.', '[']).map(|it| it.trim_end_matches(']')) {
        let below = match &here.value {
            Node::Map(fields) => fields.get(step),
            Node::List(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            Node::Leaf => None,
        };
        match below {
            Some(node) => here = node,
            None => break,
        }
    }
    here.referenced.line()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Spanned<Node>>()? {
            fields.insert(key, value);
        }
        Ok(Node::Map(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Node>>()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_name_line_field_value_and_remedy() {
        let text = "\
clients:
  - {id: luz, name: Luz}
queues:
  - id: ventas
    name: Ventas
    client: gas
    ring:
      answer_after_rings: 4
      answer_by_rings: 3
    wrap_up: 2h
";
        let faults = read(text).expect_err("a contradictory floor");
        let lines: Vec<_> = faults.lines().collect();
        assert_eq!(
            lines,
            [
                "  line 6: queues[0].client: \"gas\": name a client of this floor",
                "  line 10: queues[0].wrap_up: \"7200s\": give 0s to 3600s",
                "  line 8: queues[0].ring.answer_after_rings: \"4\": give at most answer_by_rings",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_line_and_what_to_write() {
        for (text, line, word) in [
            ("agents:\n  - {id: ana, name: Ana, shoe: 1}\n", "2", "shoe"),
            ("agents:\n  - id: Ana María\n    name: Ana\n", "2", "a-z"),
            ("queues:\n  - id: q\n    name: Q\n    client: c\n    wrap_up: soon\n", "5", "1m 30s"),
            ("trunks:\n  - id: t\n    country: ES\n    channels: many\n", "4", "whole number"),
            ("trunks:\n  - {id: t, country: ES,\n     cadence: XX}\n", "3", "1500/3000"),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.contains(line) && fault.contains(word), "{text}\n{fault}");
        }
    }

    #[test]
    fn a_sealed_password_is_refused_without_showing_it() {
        let text =
            "agents:\n  - id: ana\n    name: Ana\n    password: {ha1_md5: aa, ha1_sha256: bb}\n";
        let fault = read(text).expect_err("a sealed password");
        assert_eq!(fault, "  line 4: agents[0].password: \"\": write the password itself");
    }
}
