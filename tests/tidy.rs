//! The rules of the house that no compiler checks.

#[path = "support/markdown.rs"]
mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use timbre_model::FloorSpec;

/// Which crates of ours each crate may know. A new crate gets its line here.
const EDGES: [(&str, &[&str]); 10] = [
    ("timbre-model", &[]),
    ("timbre-engine", &["timbre-model", "timbre-pacing", "timbre-compliance"]),
    ("timbre-store", &["timbre-model", "timbre-compliance", "timbre-casework"]),
    ("timbre-sip", &[]),
    ("timbre-phone", &[]),
    ("timbre-pacing", &["timbre-model"]),
    ("timbre-compliance", &["timbre-model"]),
    ("timbre-casework", &["timbre-model"]),
    (
        "timbre-sim",
        &["timbre-model", "timbre-engine", "timbre-pacing", "timbre-compliance", "timbre-casework"],
    ),
    (
        "timbre",
        &[
            "timbre-model",
            "timbre-engine",
            "timbre-pacing",
            "timbre-compliance",
            "timbre-casework",
            "timbre-store",
            "timbre-sim",
            "timbre-sip",
            "timbre-phone",
        ],
    ),
];

/// Crates that do the same on every run: no clock, no dice, no input or output.
const PURE: [&str; 6] = ["model", "engine", "sim", "pacing", "compliance", "casework"];

/// What a pure crate must not depend on.
const IMPURE: [&str; 8] =
    ["tokio", "sqlx", "tonic", "prost", "rsipstack", "mio", "getrandom", "tracing"];

/// Words that belong to one place: the word, and where it may stand.
const CONFINED: [(&str, &[&str]); 7] = [
    ("pb::", &["src/api"]),
    ("prost::", &["src/api"]),
    ("tonic::include_proto", &["src/api"]),
    ("sqlx::", &["crates/store"]),
    ("rsipstack::", &["crates/sip"]),
    ("metrics_exporter_prometheus", &["src/metrics.rs", "src/metrics"]),
    ("SystemTime::now", &["src/driver/clock.rs", "crates/phone/src/clock.rs", "crates/sip"]),
];

/// Lines above which a source file is looked at again.
const LINES_MAX: usize = 700;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Every file of the project with one of these endings, as a path from the root.
fn files(endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for dir in ["src", "crates", "tests", "docs", "deploy", "proto", "scripts", "examples"] {
        walk(&root().join(dir), &mut found);
    }
    let top = std::fs::read_dir(root()).expect("the root can be read");
    found.extend(top.filter_map(|it| Some(it.ok()?.path()).filter(|path| path.is_file())));
    let from_root = |path: PathBuf| {
        let path = path.strip_prefix(root()).expect("below the root");
        path.to_str().expect("names are UTF-8").to_owned()
    };
    let ends = |path: &String| endings.iter().any(|ending| path.ends_with(ending));
    let mut paths: Vec<_> = found.into_iter().map(from_root).filter(ends).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no file ends in {endings:?}");
    paths
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The source files of the program itself: neither tests nor benches.
fn program() -> Vec<String> {
    let sources = |path: &String| path.starts_with("src/") || path.contains("/src/");
    files(&[".rs"]).into_iter().filter(sources).collect()
}

/// A source text without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

fn none(faults: Vec<String>, rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

/// The workspace's packages: their names, and what each depends on beyond tests and build scripts.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let out = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&out.stdout).expect("cargo metadata gives JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |of: &Value| of["name"].as_str().expect("a name").to_owned();
    packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().expect("dependencies");
            (text(package), all.iter().filter(|it| it["kind"].is_null()).map(text).collect())
        })
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let packages = packages();
    let edges = BTreeMap::from(EDGES);
    for (name, knows) in &packages {
        let may = edges.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no line in EDGES"));
        let ours = knows.iter().filter(|it| packages.contains_key(*it));
        for other in ours {
            assert!(may.contains(&other.as_str()), "{name} must not know {other}");
        }
    }
    for crate_ in PURE {
        for impure in IMPURE {
            let name = format!("timbre-{crate_}");
            assert!(!packages[&name].contains(impure), "{name} must not know {impure}");
        }
    }
}

#[test]
fn words_stay_where_they_belong() {
    let mut faults = Vec::new();
    for path in program() {
        // The health service's types are tonic's, not ours.
        let code = code(&read(&path)).replace("tonic_health::pb::", "");
        for (word, homes) in CONFINED {
            if code.contains(word) && !homes.iter().any(|home| path.starts_with(home)) {
                faults.push(format!("{path} says {word}, which belongs to {}", homes.join(", ")));
            }
        }
    }
    none(faults, "words out of place");
}

#[test]
fn pure_crates_have_no_clock_and_no_dice_of_their_own() {
    let banned = ["Instant::now", "Timestamp::now", "Zoned::now", "rand::rng", "rand::random"];
    let mut faults = Vec::new();
    for path in program() {
        let pure = PURE.iter().any(|it| path.starts_with(&format!("crates/{it}/")));
        let code = if pure { code(&read(&path)) } else { String::new() };
        let found = banned.iter().filter(|word| code.contains(*word));
        faults.extend(found.map(|word| format!("{path} says {word}")));
    }
    none(faults, "time and chance enter as arguments");
}

#[test]
fn the_pure_crates_bans_include_the_roots() {
    let root = read("clippy.toml");
    for crate_ in PURE {
        let own = read(&format!("crates/{crate_}/clippy.toml"));
        for ban in root.lines().filter(|line| line.contains("path = ")) {
            assert!(own.contains(ban), "crates/{crate_}/clippy.toml lacks {ban}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for page in files(&[".md"]) {
        for link in links(&read(&page)) {
            if !resolves(&page, &link) {
                faults.push(format!("{page}: {link}"));
            }
        }
    }
    none(faults, "dead links");
}

/// The targets of a page's links, `[text](target)`, outside code.
fn links(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let outside: Vec<_> = line.split('`').step_by(2).collect();
        for part in outside.join(" ").split("](").skip(1) {
            found.extend(part.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

fn resolves(page: &str, link: &str) -> bool {
    if link.starts_with("https://") || link.starts_with("http://") {
        return true;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, it)| (path, Some(it)));
    let target = match path {
        "" => root().join(page),
        path => root().join(page).parent().expect("a page is in a directory").join(path),
    };
    match anchor {
        None => target.exists(),
        Some(anchor) => std::fs::read_to_string(&target)
            .is_ok_and(|text| markdown::anchors(&text).contains(anchor)),
    }
}

#[test]
fn the_sample_floor_has_no_faults() {
    let floor: FloorSpec =
        serde_saphyr::from_str(&read("deploy/floor.yaml")).unwrap_or_else(|why| panic!("{why}"));
    let faults: Vec<_> = floor.faults().iter().map(ToString::to_string).collect();
    none(faults, "deploy/floor.yaml");
    for queue in &floor.queues {
        let led = floor.entry_points.iter().any(|entry| entry.queue == queue.id)
            || floor.campaigns.iter().any(|campaign| campaign.queue == queue.id);
        assert!(led, "no number and no campaign leads to {}", queue.id);
        let able = floor.agents.iter().filter(|agent| {
            queue.skills.iter().all(|(skill, least)| agent.skills.get(skill) >= Some(least))
        });
        assert!(able.count() >= 3, "fewer than three agents may take calls of {}", queue.id);
    }
}

#[test]
fn every_reason_has_a_page_and_every_page_a_reason() {
    let engine = read("crates/engine/src/rejection.rs");
    let api = read("src/api/status.rs");
    let engine = engine.lines().filter(|line| line.contains("=> \""));
    let api = api.lines().filter(|line| line.contains("const") && line.contains("&str ="));
    let shouted =
        |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let reasons: BTreeSet<_> = engine
        .chain(api)
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(shouted)
        .map(str::to_owned)
        .collect();
    assert!(reasons.len() > 20, "found only {reasons:?}");
    let pages: BTreeSet<_> = files(&[".md"])
        .iter()
        .filter_map(|path| path.strip_prefix("docs/errors/")?.strip_suffix(".md"))
        .map(str::to_owned)
        .collect();
    assert_eq!(reasons.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "no page");
    assert_eq!(pages.difference(&reasons).collect::<Vec<_>>(), Vec::<&String>::new(), "no reason");
    for reason in &reasons {
        let page = read(&format!("docs/errors/{reason}.md"));
        assert!(page.starts_with(&format!("# {reason}\n")), "{reason}: its page has another title");
        for part in ["**What happened.**", "**Why.**", "**What to do.**"] {
            assert!(page.contains(part), "{reason}: its page lacks {part}");
        }
    }
}

#[test]
fn nothing_is_left_unfinished_and_nothing_names_a_machine() {
    let here = root();
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("un", "implemented!("),
    ];
    let mut words = Vec::from(unfinished.map(str::to_owned));
    words.push(format!("{}/", here.display()));
    words.push(concat!("/ro", "ot/").to_owned());
    words.push(concat!("/ho", "me/").to_owned());
    let mut faults = Vec::new();
    for path in files(&[".rs", ".md", ".proto", ".toml", ".yml", ".yaml", ".service", ".sh"]) {
        let text = read(&path);
        let found = words.iter().filter(|word| text.contains(*word));
        faults.extend(found.map(|word| format!("{path} says {word}")));
    }
    none(faults, "left over");
}

#[test]
fn files_have_names_that_say_what_they_hold_and_are_not_too_long() {
    let nameless = ["utils", "util", "common", "types", "manager", "service", "helpers", "misc"];
    let mut faults = Vec::new();
    for path in files(&[".rs"]) {
        let stem = Path::new(&path).file_stem().and_then(|it| it.to_str()).unwrap_or("");
        if nameless.contains(&stem) {
            faults.push(format!("{path}: name what it holds"));
        }
        let lines = read(&path).lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{path}: {lines} lines, look again at {LINES_MAX}"));
        }
    }
    none(faults, "files");
}
