//! Reports on the wire.

use timbre_casework::report::Table;
use timbre_model::{ClientId, FieldError};

use super::time;
use crate::api::pb;
use crate::casework::reports::{Asked, ReportKind};

/// A request.
pub fn from_wire(wire: pb::RunReportRequest) -> Result<Asked, FieldError> {
    let kind = kind_from_wire(wire.kind())?;
    let pb::RunReportRequest { parent: _, kind: _, from_time, to_time, client } = wire;
    let from = time::need_moment("from_time", from_time)?;
    let to = time::need_moment("to_time", to_time)?;
    if to <= from {
        return Err(FieldError::new("to_time", "", "name an end that is after the beginning"));
    }
    let wrong = |_| FieldError::new("client", &client, "name a client company by its id");
    let client = (!client.is_empty()).then(|| ClientId::parse(&client).map_err(wrong));
    Ok(Asked { kind, from, to, client: client.transpose()? })
}

/// The request for a report of the token's tenant.
pub fn request(asked: &Asked) -> pb::RunReportRequest {
    let Asked { kind, from, to, client } = asked;
    pb::RunReportRequest {
        parent: String::new(),
        kind: kind_to_wire(*kind).into(),
        from_time: Some(time::moment(*from)),
        to_time: Some(time::moment(*to)),
        client: client.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn kind_from_wire(wire: pb::ReportKind) -> Result<ReportKind, FieldError> {
    Ok(match wire {
        pb::ReportKind::Unspecified => {
            return Err(FieldError::new("kind", "", "say which report"));
        }
        pb::ReportKind::Cases => ReportKind::Cases,
        pb::ReportKind::FollowUps => ReportKind::FollowUps,
        pb::ReportKind::Fcr => ReportKind::Fcr,
        pb::ReportKind::Surveys => ReportKind::Surveys,
        pb::ReportKind::Evaluation => ReportKind::Evaluation,
    })
}

fn kind_to_wire(kind: ReportKind) -> pb::ReportKind {
    match kind {
        ReportKind::Cases => pb::ReportKind::Cases,
        ReportKind::FollowUps => pb::ReportKind::FollowUps,
        ReportKind::Fcr => pb::ReportKind::Fcr,
        ReportKind::Surveys => pb::ReportKind::Surveys,
        ReportKind::Evaluation => pb::ReportKind::Evaluation,
    }
}

/// A table.
pub fn to_wire(table: Table) -> pb::ReportTable {
    let Table { title, columns, rows, note } = table;
    let rows = rows.into_iter().map(|cells| pb::ReportRow { cells }).collect();
    pb::ReportTable { title, columns, rows, note }
}

/// A table, as a client reads it.
pub fn table_from_wire(wire: pb::ReportTable) -> Table {
    let pb::ReportTable { title, columns, rows, note } = wire;
    let rows = rows.into_iter().map(|pb::ReportRow { cells }| cells).collect();
    Table { title, columns, rows, note }
}

#[cfg(test)]
mod tests {
    use timbre_model::Civil;

    use super::*;

    #[test]
    fn what_is_asked_for_arrives() {
        for kind in ReportKind::ALL {
            let client = ClientId::parse("c").ok();
            let (from, to) = (Civil::from_micros(5), Civil::from_micros(9_000_000));
            let asked = Asked { kind: *kind, from, to, client };
            let read = from_wire(request(&asked)).expect("a request");
            assert_eq!((read.kind, read.from, read.to), (asked.kind, from, to));
            assert_eq!(read.client, asked.client);
        }
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_refused() {
        let wire = pb::RunReportRequest {
            kind: pb::ReportKind::Cases.into(),
            from_time: Some(time::moment(Civil::from_micros(9))),
            to_time: Some(time::moment(Civil::from_micros(9))),
            ..Default::default()
        };
        let fault = from_wire(wire).expect_err("no period");
        assert_eq!(fault.field, "to_time");
    }
}
