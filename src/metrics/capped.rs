//! A bound on label values: the first so many keys have a meter of their own, the rest share one.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// At most `max` meters by key, and one that the other keys share.
pub(super) struct Capped<K, M> {
    at: HashMap<K, usize>,
    meters: Vec<M>,
    max: usize,
    shared: Option<usize>,
}

impl<K: Eq + Hash, M> Capped<K, M> {
    pub(super) fn new(max: usize) -> Self {
        Self { at: HashMap::new(), meters: Vec::new(), max, shared: None }
    }

    /// The place of `key`'s meter; `make` is given `None` for the shared one.
    pub(super) fn place<Q>(&mut self, key: &Q, make: impl FnOnce(Option<&Q>) -> M) -> usize
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    {
        if let Some(&at) = self.at.get(key) {
            return at;
        }
        let next = self.meters.len();
        if self.at.len() < self.max {
            self.meters.push(make(Some(key)));
            self.at.insert(key.to_owned(), next);
            return next;
        }
        *self.shared.get_or_insert_with(|| {
            self.meters.push(make(None));
            next
        })
    }

    pub(super) fn of<Q>(&mut self, key: &Q, make: impl FnOnce(Option<&Q>) -> M) -> &mut M
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    {
        let at = self.place(key, make);
        &mut self.meters[at]
    }

    /// All meters, in the order of their places.
    pub(super) fn meters(&self) -> &[M] {
        &self.meters
    }
}
