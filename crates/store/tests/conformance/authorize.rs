//! Leads become attempts.

use timbre_model::{LeadChange, LeadState};
use timbre_store::{MoreLeads, Ruling};

use crate::lists::*;
use crate::world::*;

pub async fn leads_come_in_order_and_once(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", (0..5).map(|n| person(&[n])).collect()).await;
    let first = all(&store, ask(&["a"], next(3), NOW)).await;
    assert_eq!((dialed(&first), first.more), (vec![0, 1, 2], MoreLeads::Now));
    let rest = all(&store, ask(&["a"], next(3), NOW + SECOND)).await;
    assert_eq!(dialed(&rest), [3, 4]);
    // They are with somebody: what they become is not known yet.
    assert_eq!(rest.more, MoreLeads::Later(at(NOW + 31 * SECOND)));
    let none = all(&store, ask(&["a"], next(3), NOW + SECOND)).await;
    assert!(none.permits.is_empty());
}
