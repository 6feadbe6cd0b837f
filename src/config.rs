//! What a node is told when it starts: flags, each with an environment variable.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Settings of a node.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where everything is kept: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, env = "TIMBRE_DATABASE", default_value = "sqlite://timbre.db", value_name = "URL")]
    pub database: String,

    /// File that takes changes while the database is away
    #[arg(long, env = "TIMBRE_SPOOL", default_value = "timbre.spool", value_name = "FILE")]
    pub spool: PathBuf,

    /// Where to serve gRPC
    #[arg(long, env = "TIMBRE_GRPC", default_value = "127.0.0.1:7600", value_name = "ADDR:PORT")]
    pub grpc: SocketAddr,

    /// Certificate chain for gRPC over TLS (PEM)
    #[arg(long, env = "TIMBRE_GRPC_TLS_CERT", value_name = "FILE", requires = "grpc_tls_key")]
    pub grpc_tls_cert: Option<PathBuf>,

    /// Key of that certificate (PEM)
    #[arg(long, env = "TIMBRE_GRPC_TLS_KEY", value_name = "FILE", requires = "grpc_tls_cert")]
    pub grpc_tls_key: Option<PathBuf>,

    /// Serve gRPC without TLS on other addresses than loopback
    #[arg(long, env = "TIMBRE_GRPC_INSECURE")]
    pub grpc_insecure: bool,

    /// Where Prometheus scrapes /metrics
    #[arg(
        long,
        env = "TIMBRE_METRICS",
        default_value = "127.0.0.1:9600",
        value_name = "ADDR:PORT"
    )]
    pub metrics: SocketAddr,

    /// Where to listen for SIP over UDP and TCP
    #[arg(long, env = "TIMBRE_SIP", default_value = "0.0.0.0:5060", value_name = "ADDR:PORT")]
    pub sip: SocketAddr,

    /// Where to listen for SIP over TLS
    #[arg(long, env = "TIMBRE_SIP_TLS", value_name = "ADDR:PORT", requires = "sip_tls_cert")]
    pub sip_tls: Option<SocketAddr>,

    /// Certificate chain for SIP over TLS (PEM)
    #[arg(long, env = "TIMBRE_SIP_TLS_CERT", value_name = "FILE", requires = "sip_tls_key")]
    pub sip_tls_cert: Option<PathBuf>,

    /// Key of that certificate (PEM)
    #[arg(long, env = "TIMBRE_SIP_TLS_KEY", value_name = "FILE")]
    pub sip_tls_key: Option<PathBuf>,

    /// Offer phones MD5 alone: for those that give up where SHA-256 is offered before it
    #[arg(long, env = "TIMBRE_SIP_MD5_ONLY")]
    pub sip_md5_only: bool,

    /// Address that carriers and phones are told to send SIP and voice to (behind NAT)
    #[arg(long, env = "TIMBRE_ADVERTISE", value_name = "IP")]
    pub advertise: Option<IpAddr>,

    /// UDP ports for voice
    #[arg(long, env = "TIMBRE_RTP_PORTS", default_value = "20000-39999", value_parser = ports, value_name = "FIRST-LAST")]
    pub rtp_ports: RangeInclusive<u16>,

    /// Seconds without voice after which a call counts as lost
    #[arg(long, env = "TIMBRE_RTP_TIMEOUT", default_value = "30", value_parser = seconds, value_name = "SECONDS")]
    pub rtp_timeout: Duration,

    /// Seconds an agent's lost stream may take to come back
    #[arg(long, env = "TIMBRE_RESUME_GRACE", default_value = "60", value_parser = seconds, value_name = "SECONDS")]
    pub resume_grace: Duration,

    /// Seconds that calls may take to end by themselves on shutdown
    #[arg(long, env = "TIMBRE_DRAIN", default_value = "20", value_parser = seconds, value_name = "SECONDS")]
    pub drain: Duration,
}

impl Default for Settings {
    /// What holds where neither a flag nor the environment says otherwise.
    fn default() -> Self {
        use clap::{Args as _, FromArgMatches as _};
        let matches = Self::augment_args(clap::Command::new("timbre")).get_matches_from(["timbre"]);
        Self::from_arg_matches(&matches).expect("every setting has a default or is optional")
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = text.split_once('-').ok_or("write FIRST-LAST, as 20000-39999")?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|e| format!("{text:?}: {e}"));
    let (first, last) = (port(first)?, port(last)?);
    let any = first == 0 && last == 0;
    if any || (first >= 1_024 && last > first) {
        Ok(first..=last)
    } else {
        Err("give a range of at least two ports from 1024 up, or 0-0 for any".to_owned())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: u64 = text.parse().map_err(|e| format!("{text:?}: {e}"))?;
    if seconds > 86_400 {
        Err("give at most 86400".into())
    } else {
        Ok(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn defaults_are_valid_and_faults_name_their_remedy() {
        let program = Program::try_parse_from(["timbre"]).expect("defaults");
        assert_eq!(program.settings.rtp_ports, 20_000..=39_999);
        for bad in ["--rtp-ports=5", "--rtp-ports=9-8", "--rtp-timeout=x", "--grpc=here"] {
            assert!(Program::try_parse_from(["timbre", bad]).is_err(), "{bad}");
        }
    }
}
