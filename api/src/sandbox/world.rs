//! The sandbox's own time and ids: the same at each start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use mamori_store::{Clock, Environment, Ids};
use uuid::{Builder, Uuid};

/// The times that the clock can be set to: from the first on, and before the second. Whatever
/// ends, such as a key, must outlive them, and so must what RFC 3339 can write.
pub(crate) const TIMES: [&str; 2] = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];

/// The milliseconds in the first id: those of 2024-11-24T03:00:00Z, whatever the clock says.
const FIRST_ID: u64 = 1_732_417_200_000;

/// A clock that can be set, and stopped.
pub(crate) struct SetClock(Mutex<Hands>);

#[derive(Clone, Copy)]
struct Hands {
    /// What the clock said when it was set.
    set_to: DateTime<Utc>,
    /// When that was; nothing while it stands.
    running_since: Option<Instant>,
}

impl Hands {
    fn now(&self) -> DateTime<Utc> {
        let passed = self.running_since.map(|since| since.elapsed()).unwrap_or_default();
        TimeDelta::from_std(passed)
            .ok()
            .and_then(|passed| self.set_to.checked_add_signed(passed))
            .unwrap_or(self.set_to)
            .trunc_subsecs(6)
    }
}

impl SetClock {
    /// A clock that stands at this time.
    fn standing(at: DateTime<Utc>) -> Self {
        Self(Mutex::new(Hands { set_to: at, running_since: None }))
    }

    /// What the clock says, and whether it runs.
    pub(crate) fn read(&self) -> (DateTime<Utc>, bool) {
        let hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (hands.now(), hands.running_since.is_some())
    }

    /// Sets the clock, starts it or stops it; what is not said stays as it is.
    pub(crate) fn set(&self, to: Option<DateTime<Utc>>, running: Option<bool>) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = running.unwrap_or(hands.running_since.is_some());
        let set_to = to.unwrap_or_else(|| hands.now());
        *hands = Hands { set_to, running_since: runs.then(Instant::now) };
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        self.read().0
    }
}

/// Ids that count: the same calls in the same order get the same ids. They are UUIDv7 in the order
/// in which they were given, but their time is a number and not the clock's, which runs on between
/// two calls and can be set back.
#[derive(Default)]
pub(crate) struct CountingIds(AtomicU64);

impl CountingIds {
    /// How many were given.
    pub(crate) fn given(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Goes on as if so many had been given.
    pub(crate) fn go_on_from(&self, given: u64) {
        self.0.store(given, Ordering::Release);
    }
}

impl Ids for CountingIds {
    fn mint(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::AcqRel);
        Builder::from_unix_timestamp_millis(FIRST_ID + number, &[0; 10]).into_uuid()
    }
}

/// Time and ids, as the service and whoever sets them share them.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<SetClock>,
    pub(crate) ids: Arc<CountingIds>,
}

impl World {
    /// A world whose clock stands, and where no id was given yet.
    pub(crate) fn at(time: DateTime<Utc>) -> Self {
        Self { clock: Arc::new(SetClock::standing(time)), ids: Arc::default() }
    }

    /// The same, as the service sees it.
    pub(crate) fn environment(&self) -> Environment {
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        Environment { clock, ids }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_stands_runs_and_goes_back() {
        let clock = SetClock::standing(time("2026-11-24T03:00:00Z"));
        assert_eq!(clock.read(), (time("2026-11-24T03:00:00Z"), false));
        clock.set(None, Some(true));
        std::thread::sleep(std::time::Duration::from_millis(2));
        let (now, running) = clock.read();
        assert!(running && now > time("2026-11-24T03:00:00Z"));
        clock.set(Some(time("2025-01-01T00:00:00Z")), Some(false));
        assert_eq!(clock.read(), (time("2025-01-01T00:00:00Z"), false));
    }

    #[test]
    fn ids_count_and_sort_and_can_be_given_again() {
        let ids = CountingIds::default();
        let first: Vec<Uuid> = (0..3).map(|_| ids.mint()).collect();
        assert!(first.is_sorted() && first.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(ids.given(), 3);
        ids.go_on_from(1);
        assert_eq!(ids.mint(), first[1]);
    }
}
