//! The boards and the rules ask only for what is there, and for all of it.

#[path = "support/markdown.rs"]
mod markdown;
#[path = "support/panels.rs"]
mod panels;

use std::collections::BTreeSet;
use std::process::Command;

use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

use panels::{PanelQuery, boards, panel_queries, read, root};

const RULES: [&str; 2] = ["recording.rules.yml", "alerts.rules.yml"];
const RULE_TESTS: [&str; 4] =
    ["tests/casework.yml", "tests/floor.yml", "tests/node.yml", "tests/outbound.yml"];

/// The selectors of a query.
#[derive(Default)]
struct Selectors(Vec<VectorSelector>);

impl ExprVisitor for Selectors {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(it) => self.0.push(it.clone()),
            Expr::MatrixSelector(it) => self.0.push(it.vs.clone()),
            _ => {}
        }
        Ok(true)
    }
}

fn selectors(query: &str) -> Vec<VectorSelector> {
    let expr = parser::parse(query).unwrap_or_else(|why| panic!("{query}: {why}"));
    let mut found = Selectors::default();
    walk_expr(&mut found, &expr).expect("collecting cannot fail");
    assert!(!found.0.is_empty(), "{query} asks for nothing");
    found.0
}

/// Every name under which Prometheus knows a metric of docs/metrics.md, and the metric.
fn known() -> Vec<(String, String)> {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut known = Vec::new();
    for (name, rest) in rows.filter(|(name, _)| name.starts_with("timbre_")) {
        let suffixes: &[&str] =
            if rest.starts_with("histogram") { &["_bucket", "_sum", "_count"] } else { &[""] };
        known.extend(suffixes.iter().map(|it| (format!("{name}{it}"), name.to_owned())));
    }
    assert!(known.len() > 50, "docs/metrics.md lists {} names", known.len());
    known
}

/// Every rule of `file`.
fn rules(file: &str) -> Vec<Value> {
    let text = read(format!("deploy/prometheus/{file}"));
    let content: Value =
        serde_saphyr::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}"));
    let groups = content["groups"].as_array().expect("groups");
    groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

/// Every query of the rules, and the names that they record.
fn rule_queries() -> (Vec<String>, BTreeSet<String>) {
    let all: Vec<_> = RULES.iter().flat_map(|file| rules(file)).collect();
    let text = |rule: &Value, field: &str| rule[field].as_str().map(str::to_owned);
    let queries = all.iter().map(|rule| text(rule, "expr").expect("an expression")).collect();
    (queries, all.iter().filter_map(|rule| text(rule, "record")).collect())
}

#[test]
fn every_query_asks_for_metrics_that_exist_and_every_metric_is_asked_for() {
    let (rules, recorded) = rule_queries();
    let asked = panel_queries().into_iter().map(|it| it.asked).chain(rules);
    let known = known();
    let mut shown = BTreeSet::new();
    for query in asked {
        for selector in selectors(&query) {
            let name = selector.name.unwrap_or_else(|| panic!("{query} names no metric"));
            if name == "up" || recorded.contains(&name) {
                continue;
            }
            let metric = known.iter().find(|(it, _)| *it == name);
            shown.insert(&metric.unwrap_or_else(|| panic!("{query}: no metric {name}")).1);
        }
    }
    let missing: BTreeSet<_> =
        known.iter().map(|(_, it)| it).filter(|it| !shown.contains(it)).collect();
    assert!(missing.is_empty(), "on no board and in no rule: {missing:?}");
}

#[test]
fn every_panel_says_what_it_shows_and_follows_the_boards_variables() {
    for (name, board) in boards() {
        let list = board["templating"]["list"].as_array().expect("variables");
        let variables: Vec<_> = list.iter().map(|it| it["name"].as_str().unwrap_or("")).collect();
        for needed in ["datasource", "job", "instance"] {
            assert!(variables.contains(&needed), "{name} has no variable {needed}");
        }
        for panel in panels::panels(&board) {
            let says =
                |at: &str| panel.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
            for field in ["/title", "/description", "/fieldConfig/defaults/unit"] {
                assert!(!says(field).is_empty(), "{name}: {} has no {field}", panel["title"]);
            }
            assert_eq!(says("/datasource/uid"), "${datasource}", "{name}: {}", panel["title"]);
        }
    }
}

#[test]
fn every_selector_of_a_panel_is_of_the_chosen_nodes() {
    for query in panel_queries() {
        let PanelQuery { board, panel, asked } = &query;
        assert!(!asked.contains('$'), "{board}: {panel}: a variable is unknown: {asked}");
        let of_tenant = board != "node.json";
        for selector in selectors(asked) {
            let labels: Vec<_> =
                selector.matchers.matchers.iter().map(|it| it.name.as_str()).collect();
            for needed in ["job", "instance"].into_iter().chain(of_tenant.then_some("tenant")) {
                assert!(labels.contains(&needed), "{board}: {panel}: no {needed} in {asked}");
            }
        }
    }
}

#[test]
fn every_alert_has_a_severity_a_runbook_and_a_test_that_fires() {
    let fired = fired();
    let alerts: Vec<_> =
        rules("alerts.rules.yml").into_iter().filter(|rule| !rule["alert"].is_null()).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let name = alert["alert"].as_str().expect("a name");
        let severity = alert["labels"]["severity"].as_str().unwrap_or("");
        assert!(["page", "ticket"].contains(&severity), "{name}: severity {severity:?}");
        for text in ["summary", "description", "runbook_url"] {
            let text = &alert["annotations"][text];
            assert!(text.as_str().is_some_and(|it| !it.is_empty()), "{name} lacks a text");
        }
        let runbook = alert["annotations"]["runbook_url"].as_str().unwrap_or("");
        let (page, anchor) = runbook.split_once('#').unwrap_or((runbook, ""));
        assert!(markdown::anchors(&read(page)).contains(anchor), "{name}: no {runbook}");
        assert!(fired.contains(name), "{name}: no test makes it fire");
    }
}

/// Alerts that a test expects to fire.
fn fired() -> BTreeSet<String> {
    let mut fired = BTreeSet::new();
    for file in RULE_TESTS {
        let text = read(format!("deploy/prometheus/{file}"));
        let content: Value = serde_saphyr::from_str(&text).expect("YAML");
        for test in content["tests"].as_array().expect("tests") {
            for case in test["alert_rule_test"].as_array().expect("cases") {
                if case["exp_alerts"].as_array().is_some_and(|it| !it.is_empty()) {
                    fired.insert(case["alertname"].as_str().expect("a name").to_owned());
                }
            }
        }
    }
    fired
}

#[test]
fn promtool_accepts_the_rules_their_tests_and_the_configuration() {
    let runs: [(&[&str], &[&str]); 3] = [
        (&["check", "rules"], &RULES),
        (&["test", "rules"], &RULE_TESTS),
        (&["check", "config"], &["prometheus.yml"]),
    ];
    for (command, files) in runs {
        let out = Command::new("promtool")
            .args(command)
            .args(files)
            .current_dir(root().join("deploy/prometheus"))
            .output()
            .expect("promtool is there: apt install prometheus, or run scripts/test");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(out.status.success(), "{command:?}: {}{}", said(&out.stdout), said(&out.stderr));
    }
}
