//! What the media engine carries: packets relayed by one core, and memory for each leg.
//!
//! `cargo bench -p timbre-sip --bench media` — a program of its own rather than a micro-benchmark,
//! because nearly all of the time goes to the kernel's sockets. Far ends speak G.711 at 20 ms from
//! one thread at rising rates; the engine's thread is measured by the processor time that it uses.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use timbre_sip::media::{Codec, Media, MediaConfig, MediaStats, Play, Remote};

/// Bridged calls: two legs each.
const CALLS: u64 = 200;
const RATES: [u32; 5] = [10_000, 20_000, 40_000, 80_000, 160_000];
const SPAN: Duration = Duration::from_secs(3);
const LEGS_FOR_MEMORY: u64 = 5000;

fn main() {
    for codecs in [[Codec::Pcma, Codec::Pcma], [Codec::Pcma, Codec::Pcmu]] {
        let floor = Floor::new(codecs);
        for rate in RATES {
            floor.relay(rate);
        }
    }
    music();
    memory();
}

struct Floor {
    media: Media,
    codecs: [Codec; 2],
    phones: Vec<(UdpSocket, SocketAddr)>,
}

impl Floor {
    fn new(codecs: [Codec; 2]) -> Self {
        let media = start();
        let phones = (0..CALLS * 2).map(|leg| phone(&media, leg, codecs[(leg % 2) as usize]));
        let phones = phones.collect();
        for call in 0..CALLS {
            media.bridge(call * 2, call * 2 + 1);
        }
        Self { media, codecs, phones }
    }

    fn relay(&self, rate: u32) {
        let (before, spent, start) = (self.media.stats(), processor_time(), Instant::now());
        let mut sent = 0_u32;
        while start.elapsed() < SPAN {
            let due = (start.elapsed().as_secs_f64() * f64::from(rate)) as u32;
            while sent < due {
                self.say(sent);
                sent += 1;
            }
            pause(Duration::from_micros(200));
        }
        pause(Duration::from_millis(100));
        let (seconds, spent) = (start.elapsed().as_secs_f64(), processor_time() - spent);
        let after = self.media.stats();
        let relayed = after.packets_relayed - before.packets_relayed;
        println!(
            "relay {:?}: sent {:.0}/s relayed {:.0}/s ({:.2} % lost), {:.0} % of a core, \
             {:.2} µs a packet = {:.0} packets/s a core",
            self.codecs,
            f64::from(sent) / seconds,
            relayed as f64 / seconds,
            100.0 * (1.0 - relayed as f64 / f64::from(sent)),
            100.0 * spent / seconds,
            1e6 * spent / relayed as f64,
            relayed as f64 / spent,
        );
    }

    fn say(&self, number: u32) {
        let index = number as usize % self.phones.len();
        let round = number / self.phones.len() as u32;
        let (socket, ours) = &self.phones[index];
        let mut packet = [0xd5; 172];
        packet[0] = 0x80;
        packet[1] = self.codecs[index % 2].payload_type();
        packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(index as u32).to_be_bytes());
        // A full buffer at the far end is its own affair.
        let _ = socket.send_to(&packet, ours);
    }
}

fn music() {
    let media = start();
    let legs: Vec<_> = (0..CALLS * 2).map(|leg| phone(&media, leg, Codec::Pcma)).collect();
    for leg in 0..CALLS * 2 {
        media.play(leg, Play::Music);
    }
    let spent = processor_time();
    let before: MediaStats = media.stats();
    pause(SPAN);
    let (spent, sent) =
        (processor_time() - spent, media.stats().packets_sent - before.packets_sent);
    let each = 1e6 * spent / sent as f64;
    println!("music to {} legs: {sent} packets, {each:.2} µs a packet", legs.len());
}

fn memory() {
    let media = start();
    let before = (kib("/proc/self/status", "VmRSS:"), kib("/proc/meminfo", "Slab:"));
    let begun = Instant::now();
    let opened = (0..LEGS_FOR_MEMORY).filter(|leg| media.open(*leg).is_ok()).count();
    let each = begun.elapsed().as_secs_f64() * 1e6 / opened as f64;
    while media.stats().legs_opened < opened as u64 {
        thread::yield_now();
    }
    let legs = opened as f64;
    let own = (kib("/proc/self/status", "VmRSS:") - before.0) / legs;
    let kernel = (kib("/proc/meminfo", "Slab:") - before.1) / legs;
    println!(
        "{opened} legs open: {own:.2} KiB resident and {kernel:.1} KiB of the kernel's a leg, \
         {each:.0} µs an open"
    );
}

#[expect(clippy::disallowed_methods, reason = "a load has a rate, and a measurement has a span")]
fn pause(span: Duration) {
    thread::sleep(span);
}

fn start() -> Media {
    Media::start(MediaConfig::default(), |_| {}).expect("the loopback")
}

fn phone(media: &Media, leg: u64, codec: Codec) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of the loopback");
    let rtp = socket.local_addr().expect("bound");
    let ours = SocketAddr::from((Ipv4Addr::LOCALHOST, media.open(leg).expect("a pair of ports")));
    media.connect(leg, Remote { rtp, rtcp: None, codec, dtmf: None, sends: true, receives: true });
    (socket, ours)
}

/// Seconds that threads named `media` have run, by the kernel's accounting of this process.
fn processor_time() -> f64 {
    let threads = fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let of_media = threads.filter(|thread| {
        let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        name.trim() == "media"
    });
    let nanos = |path: std::path::PathBuf| -> Option<f64> {
        fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    of_media.filter_map(|thread| nanos(thread.path())).sum::<f64>() / 1e9
}

fn kib(file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(file).expect("Linux");
    let line = text.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
