//! The only place that draws randomness from the operating system.

/// Bytes that nobody can guess.
///
/// # Panics
/// Where the operating system has no randomness: nothing that follows would be safe.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut drawn = [0; N];
    getrandom::fill(&mut drawn).expect("the operating system gives randomness");
    drawn
}
