//! Many legs at once, in a process of its own: other tests shall not want for descriptors.

use std::thread;
use std::time::{Duration, Instant};

use timbre_sip::media::{Media, MediaConfig, MediaStats, NoPorts};

fn settled(media: &Media, reached: impl Fn(&MediaStats) -> bool) -> MediaStats {
    let start = Instant::now();
    loop {
        let stats = media.stats();
        if reached(&stats) {
            return stats;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{stats:?}");
        thread::yield_now();
    }
}

#[test]
fn five_thousand_legs_are_open_at_once_or_refused_by_name() {
    let media = Media::start(MediaConfig::default(), |_| {}).unwrap();
    let refused = (0..5000).find_map(|leg| media.open(leg).err());
    assert!(matches!(refused, None | Some(NoPorts::Descriptors)), "{refused:?}");
    let opened = settled(&media, |stats| stats.legs_open == stats.legs_opened).legs_open;
    assert!(
        refused.is_some() || settled(&media, |stats| stats.legs_open == 5000).legs_open == 5000
    );
    assert_eq!(media.stats().legs_refused, u64::from(refused.is_some()));

    (0..5000).for_each(|leg| media.close(leg));
    let stats = settled(&media, |stats| stats.legs_open == 0 && stats.pairs_quarantined == 0);
    assert!(stats.legs_opened >= opened);
    assert_eq!(stats.pairs_idle, stats.legs_opened.min(2048), "what is kept for reuse is bounded");
    assert!(media.open(1).is_ok());
}
