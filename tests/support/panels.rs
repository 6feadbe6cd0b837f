//! Reads the Grafana boards: every query that a panel asks.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What a panel asks of Prometheus.
#[derive(Debug, Clone)]
pub struct PanelQuery {
    /// The board's file name.
    pub board: String,
    /// The panel's title.
    pub panel: String,
    /// The query as Grafana would ask it: every job, node and tenant, and rates over a minute.
    pub asked: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Every board, by file name.
pub fn boards() -> Vec<(String, Value)> {
    let names = ["casework.json", "floor.json", "node.json", "outbound.json"];
    let load = |name: &str| {
        let text = read(Path::new("deploy/grafana").join(name));
        (name.to_owned(), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}")))
    };
    names.map(load).into()
}

/// The panels of a board that show something.
pub fn panels(board: &Value) -> Vec<&Value> {
    let all = board["panels"].as_array().expect("a board has panels");
    all.iter().filter(|panel| panel["type"] != "row").collect()
}

/// Every query of every panel of every board.
pub fn panel_queries() -> Vec<PanelQuery> {
    let mut queries = Vec::new();
    for (board, content) in boards() {
        for panel in panels(&content) {
            let targets = panel["targets"].as_array().expect("a panel has targets");
            for target in targets {
                let written = target["expr"].as_str().expect("a target has an expression");
                queries.push(PanelQuery {
                    board: board.clone(),
                    panel: panel["title"].as_str().expect("a panel has a title").to_owned(),
                    asked: substituted(written),
                });
            }
        }
    }
    queries
}

/// Replaces the template variables as Grafana does where "All" is chosen.
fn substituted(query: &str) -> String {
    let variables =
        [("$__rate_interval", "1m"), ("$job", ".+"), ("$instance", ".+"), ("$tenant", ".+")];
    variables.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value))
}
