//! `docs/compliance` says what the data say.

use std::path::PathBuf;

use timbre_compliance::Catalog;

/// With this set, the pages are written in place of compared.
const WRITE: &str = "TIMBRE_WRITE_PAGES";

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/compliance")
}

fn index() -> String {
    let mut page = "# Compliance, by jurisdiction\n\nWhat may be dialed, when, how often and how is data: \
                    `crates/compliance/data` holds it, these pages are\nwritten from it by a test \
                    (`TIMBRE_WRITE_PAGES=1 cargo test -p timbre-compliance --test pages`). Not legal advice.\n\nWhere \
                    several rules apply the strictest wins; what is not known counts against the call. Where a country \
                    has no rule\nof a kind, none was found: that is not a permission.\n\n| jurisdiction | rules |\n|---|--:|\n"
        .to_owned();
    for code in Catalog::shipped().codes().chain(["house"]) {
        let place = Catalog::shipped().jurisdiction(code).expect("a jurisdiction");
        page.push_str(&format!("| [{}]({code}.md) | {} |\n", place.name, place.rules.len()));
    }
    page
}

#[test]
fn every_page_says_what_the_data_say() {
    let catalog = Catalog::shipped();
    let mut pages = vec![("README.md".to_owned(), index())];
    for code in catalog.codes().chain(["house"]) {
        let place = catalog.jurisdiction(code).expect("a jurisdiction");
        pages.push((format!("{code}.md"), place.page()));
    }
    for (name, page) in pages {
        let path = home().join(&name);
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, &page).expect("a page is written");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == page, "docs/compliance/{name} is not what the data say: set {WRITE}=1");
    }
}
