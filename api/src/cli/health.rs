//! `mamori health`: a probe that needs no other program.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use mamori::Config;

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// How long to wait for an answer, in seconds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

pub(crate) fn run(ask: &Ask) -> Result<(), String> {
    let address = reachable(Config::load()?.listen);
    let url = format!("http://{address}/readyz");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        // A proxy of the environment is for the world outside.
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(ask.timeout)))
        .build()
        .into();
    let answer = agent.get(&url).call().map_err(|error| format!("{url}: {error}"))?;
    match answer.status().as_u16() {
        200 => Ok(()),
        status => Err(format!("{url}: status {status}")),
    }
}

/// Where a service that listens there is spoken to from the same machine.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            let listen = listen.parse().map(reachable);
            assert_eq!(listen, asked.parse());
        }
    }
}
