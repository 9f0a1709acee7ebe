//! How much a caller may ask: token buckets in memory, for each client and each address.
//!
//! Each node grants its part of the rate, so that nothing about rates is in the database.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use quick_cache::sync::Cache;
use uuid::Uuid;

use crate::auth::directory::Known;
use crate::config::{Config, Networks};
use crate::problem::{Kind, Problem};
use crate::service::Service;

type ByAddress =
    RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;
type OfOne = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// How many clients' buckets are kept.
const REMEMBERED: usize = 20_000;
/// From how many addresses on the idle buckets are dropped.
const MANY_ADDRESSES: usize = 1_000;

/// All buckets.
pub(crate) struct Rates {
    nodes: u32,
    usual: u32,
    anonymous_rate: u32,
    clients: Cache<Uuid, Arc<(u32, OfOne)>>,
    anonymous: ByAddress,
    failures: ByAddress,
    /// Until when an address that failed too often is not even listened to.
    blocked: Cache<IpAddr, Instant>,
    clock: DefaultClock,
}

/// How a caller stands with its bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    rate: u32,
    remaining: u32,
}

impl Standing {
    /// Writes the headers `RateLimit` and `RateLimit-Policy`.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        if self.rate == 0 {
            return;
        }
        let full_again = u64::from(self.rate - self.remaining.min(self.rate)) * 60;
        let seconds = full_again.div_ceil(u64::from(self.rate));
        let put = |headers: &mut HeaderMap, name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put(headers, "ratelimit-policy", format!("\"default\";q={};w=60", self.rate));
        put(headers, "ratelimit", format!("\"default\";r={};t={seconds}", self.remaining));
    }
}

impl Rates {
    pub(crate) fn new(config: &Config) -> Self {
        let share = |rate: u32| quota((rate / config.nodes).max(1));
        Self {
            nodes: config.nodes,
            usual: config.rate_client,
            anonymous_rate: (config.rate_anonymous / config.nodes).max(1),
            clients: Cache::new(REMEMBERED),
            anonymous: RateLimiter::dashmap(share(config.rate_anonymous)).with_middleware(),
            failures: RateLimiter::dashmap(share(config.rate_failures)).with_middleware(),
            blocked: Cache::new(REMEMBERED),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one request from a client's bucket, and says how it stands then.
    pub(crate) fn client(&self, client: &Known, standing: &mut Standing) -> Result<(), Problem> {
        let rate = (client.rate.unwrap_or(self.usual) / self.nodes).max(1);
        let known = self.clients.get(&client.id).filter(|bucket| bucket.0 == rate);
        let bucket = known.unwrap_or_else(|| {
            let limiter = RateLimiter::direct(quota(rate)).with_middleware();
            let bucket = Arc::new((rate, limiter));
            self.clients.insert(client.id, Arc::clone(&bucket));
            bucket
        });
        *standing = Standing { rate, remaining: 0 };
        let state = bucket.1.check().map_err(|refused| refuse(self.wait(&refused)))?;
        standing.remaining = state.remaining_burst_capacity();
        Ok(())
    }

    /// Takes one request without a good token from an address's bucket.
    pub(crate) fn anonymous(
        &self,
        address: IpAddr,
        standing: &mut Standing,
    ) -> Result<(), Problem> {
        *standing = Standing { rate: self.anonymous_rate, remaining: 0 };
        let state = self.anonymous.check_key(&address);
        let state = state.map_err(|refused| self.block(address, &refused))?;
        standing.remaining = state.remaining_burst_capacity();
        Ok(())
    }

    /// Counts a failed authentication; refused where there were too many.
    pub(crate) fn failure(&self, address: IpAddr) -> Result<(), Problem> {
        let counted = self.failures.check_key(&address);
        counted.map(drop).map_err(|refused| self.block(address, &refused))
    }

    /// Refuses an address whose bucket is empty before any signature or secret of it is looked
    /// at: guessing must cost us nothing.
    pub(crate) fn not_blocked(&self, address: IpAddr) -> Result<(), Problem> {
        let Some(until) = self.blocked.get(&address) else { return Ok(()) };
        let wait = until.saturating_duration_since(Instant::now());
        if wait.is_zero() { Ok(()) } else { Err(refuse(wait)) }
    }

    fn block(&self, address: IpAddr, refused: &Refused) -> Problem {
        let wait = self.wait(refused);
        self.blocked.insert(address, Instant::now() + wait);
        refuse(wait)
    }

    fn wait(&self, refused: &Refused) -> Duration {
        refused.wait_time_from(self.clock.now())
    }

    /// Drops the buckets that are full again, once they are many.
    pub(crate) fn forget_the_idle(&self) {
        for buckets in [&self.anonymous, &self.failures] {
            if buckets.len() > MANY_ADDRESSES {
                buckets.retain_recent();
                buckets.shrink_to_fit();
            }
        }
    }
}

type Refused = NotUntil<governor::clock::QuantaInstant>;

fn refuse(wait: Duration) -> Problem {
    let seconds = (wait + Duration::from_millis(999)).as_secs().max(1);
    Problem::new(Kind::RateLimited).with("seconds", seconds).header("retry-after", seconds)
}

fn quota(rate: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN))
}

/// Where a request comes from: the peer, or whom a trusted proxy names.
pub(crate) fn address(service: &Service, request: &ServiceRequest) -> IpAddr {
    address_of(service, request.request())
}

/// As [`address`], behind the rim.
pub(crate) fn address_of(service: &Service, request: &HttpRequest) -> IpAddr {
    let nowhere = IpAddr::from([0, 0, 0, 0]);
    let peer = request.peer_addr().map_or(nowhere, |address| address.ip().to_canonical());
    let trusted = &service.config().trusted_proxies;
    if !trusted.contain(peer) {
        return bucket_of(peer);
    }
    let forwarded: Vec<_> = request.headers().get_all("x-forwarded-for").collect();
    let hops = forwarded.iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
    bucket_of(nearest(&hops, trusted).unwrap_or(peer))
}

/// The nearest hop that is no proxy of ours. What stands before it is only claimed, and so is
/// everything before a hop that can't be read.
fn nearest(hops: &[&str], trusted: &Networks) -> Option<IpAddr> {
    let mut last = None;
    for hop in hops.iter().rev() {
        let address = hop_address(hop.trim())?;
        if !trusted.contain(address) {
            return Some(address);
        }
        last = Some(address);
    }
    last
}

/// An address, with or without a port behind it.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = hop.parse::<IpAddr>().ok().or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

/// One bucket for each IPv4 address and each IPv6 network of 64 bits: a household has a
/// whole such network.
fn bucket_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_is_believed_as_far_as_our_proxies_go() {
        let trusted = Networks::parse("10.0.0.0/8, 192.0.2.1").unwrap();
        let of = |hops: &[&str]| nearest(hops, &trusted).map(|address| address.to_string());
        for (hops, address) in [
            (vec!["203.0.113.9"], Some("203.0.113.9")),
            (vec!["1.1.1.1", "203.0.113.9", "10.1.2.3"], Some("203.0.113.9")),
            (vec!["203.0.113.9:51234", " 192.0.2.1"], Some("203.0.113.9")),
            (vec!["[2001:db8::1]:443"], Some("2001:db8::1")),
            (vec!["::ffff:203.0.113.9"], Some("203.0.113.9")),
            (vec!["1.1.1.1", "unknown", "10.0.0.1"], None),
            (vec!["10.0.0.1", "10.0.0.2"], Some("10.0.0.1")),
            (vec![], None),
        ] {
            assert_eq!(of(&hops).as_deref(), address, "{hops:?}");
        }
    }

    #[test]
    fn an_address_without_a_network_of_its_own_shares_a_bucket() {
        let bucket = |text: &str| bucket_of(text.parse().unwrap());
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::2"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
        assert_ne!(bucket("203.0.113.9"), bucket("203.0.113.10"));
    }
}
