//! Lists of cases.

use timbre_casework::{Case, Record, RecordKind};
use timbre_store::{Cursor, PageRequest, RecordFilter};
use tonic::Status;

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::wire::case as wire;
use crate::api::wire::case::CaseQuery;
use crate::api::wire::page;
use crate::api::{Context, pb, status};
use crate::casework::now;

/// Pages of the store that are looked through for one page of a list that is narrowed by what the store has no index of.
const LOOKS_MAX: usize = 20;

/// A page of cases that the caller may see.
pub(super) async fn list(
    context: &Context,
    caller: &Caller,
    asked: &pb::ListCasesRequest,
) -> Result<pb::ListCasesResponse, Status> {
    let tenant = tenant_of(caller, &asked.parent)?;
    let query = wire::query_from_wire(asked).map_err(status::invalid_field)?;
    let clients = caller.scope(&context.desk)?.narrow(query.client.clone())?;
    let filter = RecordFilter {
        state: query.state.map(|it| it.to_string()),
        open: query.open.then_some(true),
        clients: clients.map(|it| it.into_iter().collect()),
        agent: query.owner.clone(),
        customer: query.customer,
        due_before: query.overdue.then(now),
        from: query.from,
        to: query.to,
        ..RecordFilter::of(RecordKind::Case)
    };
    let request = page::read_call_page(asked.page_size, &asked.page_token);
    let PageRequest { size, after } = request.map_err(status::invalid_field)?;
    let (mut found, mut next) = (Vec::new(), after);
    for _ in 0..LOOKS_MAX {
        let wanted = size - u32::try_from(found.len()).unwrap_or(size);
        let request = PageRequest { size: wanted, after: next };
        let page = context.store.records(&tenant, &filter, &request).await;
        let page = page.map_err(|it| status::store(&it))?;
        found.extend(page.records.into_iter().filter_map(|it| case_of(it, &query)));
        next = page.next;
        if next.is_none() || found.len() >= size as usize {
            break;
        }
    }
    Ok(pb::ListCasesResponse {
        cases: found.iter().map(wire::to_wire).collect(),
        next_page_token: next.map(|it: Cursor| page::call_token(Some(it))).unwrap_or_default(),
    })
}

/// The case of a record, where it passes what the store has no index of.
fn case_of(record: Record, query: &CaseQuery) -> Option<Case> {
    let Record::Case(case) = record else { return None };
    let passes = query.kind.is_none_or(|it| case.kind == it)
        && query.cause.is_none_or(|it| case.cause == Some(it))
        && query.department.as_ref().is_none_or(|it| case.department.as_ref() == Some(it));
    passes.then_some(*case)
}
