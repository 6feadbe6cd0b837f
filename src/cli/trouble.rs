//! `timbre trunk trouble`: line trouble that agents reported, with what was measured.

use clap::Args;
use timbre_casework::{MediaStats, Trouble};
use timbre_model::Civil;

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};

/// List line trouble that agents reported, newest first.
#[derive(Debug, Args)]
pub struct Troubles {
    /// Only since: 2026-11-21T09:00:00Z, a day (UTC), or how long ago, as 2h
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only before, written likewise
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    until: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

impl Troubles {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { from, until, limit } = self;
        let client = access.connect().await?;
        let page = async |size, token| client.list_troubles((from, until), (size, token)).await;
        out::print(listing(&gather(limit, page).await?));
        Ok(())
    }
}

fn listing(troubles: &[Trouble]) -> String {
    let row = |it: &Trouble| {
        let [loss, jitter, packets] = measured(it.media.as_ref());
        [
            moment(it.at),
            it.trunk.to_string(),
            it.kind.to_string().replace('_', "-"),
            loss,
            jitter,
            packets,
            it.agent.to_string(),
            it.call.to_string(),
        ]
    };
    let rows: Vec<_> = troubles.iter().map(row).collect();
    let heading =
        ["REPORTED (UTC)", "TRUNK", "TROUBLE", "LOSS", "JITTER", "IN/OUT", "AGENT", "CALL"];
    table(heading, &rows)
}

/// Loss, jitter, and packets both ways of the customer's leg.
fn measured(media: Option<&MediaStats>) -> [String; 3] {
    let Some(it) = media else { return ["-", "-", "-"].map(str::to_owned) };
    let loss = it.loss().map_or_else(|| "-".to_owned(), |loss| format!("{:.1} %", loss * 100.));
    [loss, format!("{:.0} ms", it.jitter_ms), format!("{}/{}", it.received, it.sent)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_stands_beside_what_was_said() {
        let media = MediaStats { received: 75, lost: 25, jitter_ms: 12.4, sent: 90 };
        assert_eq!(measured(Some(&media)), ["25.0 %", "12 ms", "75/90"]);
        let deaf = MediaStats { sent: 90, ..MediaStats::default() };
        assert_eq!(measured(Some(&deaf)), ["-", "0 ms", "0/90"], "one-way");
        assert_eq!(measured(None), ["-", "-", "-"]);
    }
}
