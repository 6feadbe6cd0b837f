//! Ports and addresses.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::finding::Finding;
use crate::config::Settings;

/// Voice ports that are tried.
const VOICE_TRIED: usize = 64;

/// Whether every port is free, or taken by a node of ours.
pub async fn ports(settings: &Settings, server: &str) -> Vec<Finding> {
    let ours = a_node_answers(server).await;
    let tcp = |at: SocketAddr| TcpListener::bind(at).map(drop);
    let udp = |at: SocketAddr| UdpSocket::bind(at).map(drop);
    let mut findings = vec![
        port("gRPC", "TCP", settings.grpc, tcp(settings.grpc), ours),
        port("metrics", "TCP", settings.metrics, tcp(settings.metrics), ours),
        port("SIP", "UDP", settings.sip, udp(settings.sip), ours),
        port("SIP", "TCP", settings.sip, tcp(settings.sip), ours),
    ];
    if let Some(tls) = settings.sip_tls {
        findings.push(port("SIP", "TLS", tls, tcp(tls), ours));
    }
    findings.push(voice(settings.sip.ip(), &settings.rtp_ports));
    findings.extend(ephemeral_overlap(&settings.rtp_ports));
    findings
}

/// A server of gRPC health at the address answers: what holds the ports is a node.
async fn a_node_answers(server: &str) -> bool {
    let Ok(endpoint) = Endpoint::from_shared(server.to_owned()) else { return false };
    let endpoint = endpoint.connect_timeout(Duration::from_secs(1)).timeout(Duration::from_secs(2));
    let Ok(channel) = endpoint.connect().await else { return false };
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel).check(request).await.is_ok()
}

fn port(
    about: &'static str,
    over: &str,
    at: SocketAddr,
    bound: std::io::Result<()>,
    ours: bool,
) -> Finding {
    let Err(error) = bound else { return Finding::ok(about, format!("{over} {at} is free")) };
    let told = format!("{over} {at}: {error}");
    match error.kind() {
        ErrorKind::AddrInUse if ours => {
            Finding::ok(about, format!("{over} {at} is taken; a node answers on this machine"))
        }
        ErrorKind::AddrInUse => {
            let remedy = format!(
                "stop what listens there (ss -lptun 'sport = :{}'), or choose another port",
                at.port()
            );
            Finding::fail(about, told, remedy)
        }
        ErrorKind::AddrNotAvailable => {
            Finding::fail(about, told, "name an address of this machine")
        }
        ErrorKind::PermissionDenied => {
            Finding::fail(about, told, "choose a port above 1023, or grant CAP_NET_BIND_SERVICE")
        }
        _ => Finding::fail(about, told, "choose another address"),
    }
}

fn voice(ip: IpAddr, ports: &RangeInclusive<u16>) -> Finding {
    let (first, last) = (*ports.start(), *ports.end());
    if last == 0 {
        return Finding::ok("voice", "any UDP port");
    }
    let step = (ports.clone().count() / VOICE_TRIED).max(1);
    let tried: Vec<u16> = ports.clone().step_by(step).collect();
    let taken = tried.iter().filter(|&&port| UdpSocket::bind((ip, port)).is_err()).count();
    let told = format!("UDP {first}-{last}: {taken} of {} ports tried are taken", tried.len());
    if taken * 4 > tried.len() {
        Finding::fail("voice", told, "choose a range of your own with --rtp-ports")
    } else if taken > 0 {
        Finding::warn("voice", told, "calls take other ports; choose a free range with --rtp-ports")
    } else {
        Finding::ok("voice", told)
    }
}

/// The kernel lends ports of this range to anyone.
fn ephemeral_overlap(ports: &RangeInclusive<u16>) -> Option<Finding> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let reserved = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_reserved_ports").ok();
    let mut ends = text.split_whitespace().map(str::parse::<u16>);
    let (low, high) = (ends.next()?.ok()?, ends.next()?.ok()?);
    let (first, last) = (*ports.start(), *ports.end());
    let apart = last < low || first > high || last == 0;
    let kept = reserved.is_some_and(|it| covers(&it, first.max(low), last.min(high)));
    if apart || kept {
        return None;
    }
    let told =
        format!("UDP {first}-{last} overlaps the ports that the kernel lends out ({low}-{high})");
    let remedy = format!("sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}");
    Some(Finding::warn("voice", told, remedy))
}

/// Whether one of the ranges in `text` (`A-B,C,…`) holds all of `first` to `last`.
fn covers(text: &str, first: u16, last: u16) -> bool {
    text.trim().split(',').any(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let ends = low.parse::<u16>().ok().zip(high.parse::<u16>().ok());
        ends.is_some_and(|(low, high)| low <= first && last <= high)
    })
}

/// Whether carriers and phones elsewhere can send to the address they are told.
pub fn addresses(settings: &Settings) -> Vec<Finding> {
    vec![reach(settings.sip.ip(), settings.advertise, outward())]
}

/// The address that packets to elsewhere leave from. Sends nothing.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((IpAddr::from([0, 0, 0, 0]), 0)).ok()?;
    // An address for documentation (RFC 5737): only the route to it is looked up.
    socket.connect((IpAddr::from([192, 0, 2, 1]), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn reach(bound: IpAddr, advertised: Option<IpAddr>, outward: Option<IpAddr>) -> Finding {
    let shown = advertised.or(Some(bound).filter(|it| !it.is_unspecified())).or(outward);
    let Some(shown) = shown else {
        let told = "this machine has no route to elsewhere";
        return Finding::warn(
            "address",
            told,
            "only phones on this machine can call; name one with --advertise",
        );
    };
    if bound.is_loopback() {
        let told = format!("SIP listens on {bound}: nobody else can call");
        return Finding::warn("address", told, "listen on 0.0.0.0 with --sip");
    }
    match (private(shown), advertised) {
        (false, _) => Finding::ok("address", format!("carriers and phones are told {shown}")),
        (true, Some(_)) => {
            let told = format!("the advertised address {shown} is private");
            Finding::warn(
                "address",
                told,
                "advertise the public address where carriers are outside",
            )
        }
        (true, None) => {
            let told = format!("carriers and phones are told {shown}, which is private");
            Finding::warn(
                "address",
                told,
                "behind NAT, give the public address with --advertise and forward SIP and voice ports",
            )
        }
    }
}

/// Not to be reached from outside: RFC 1918, RFC 6598, RFC 3927, RFC 4193, loopback.
fn private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Mark;

    #[test]
    fn a_taken_port_fails_unless_a_node_has_it() {
        let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = holder.local_addr().expect("its address");
        let judged = |ours| port("gRPC", "TCP", at, TcpListener::bind(at).map(drop), ours).mark;
        assert_eq!((judged(false), judged(true)), (Mark::Fail, Mark::Ok));
    }

    #[test]
    fn a_private_address_without_an_advertised_one_is_a_hint_of_nat() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let any = ip("0.0.0.0");
        let mark = |advertised, outward| reach(any, advertised, Some(outward)).mark;
        assert_eq!(mark(None, ip("10.0.0.5")), Mark::Warn);
        assert_eq!(mark(None, ip("100.64.0.5")), Mark::Warn);
        assert_eq!(mark(Some(ip("203.0.113.9")), ip("10.0.0.5")), Mark::Ok);
        assert_eq!(mark(None, ip("203.0.113.9")), Mark::Ok);
        assert_eq!(reach(ip("127.0.0.1"), None, None).mark, Mark::Warn);
    }

    #[test]
    fn reserved_ranges_are_understood() {
        assert!(covers("8080,20000-39999\n", 32_768, 39_999));
        assert!(!covers("20000-30000\n", 20_000, 39_999) && !covers("\n", 1, 1));
    }
}
