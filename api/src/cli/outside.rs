//! The clock and the ids of the real world: the only place that reads them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use mamori_store::{Clock, Environment, Ids};
use uuid::Uuid;

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

struct TimeOrdered;

impl Ids for TimeOrdered {
    fn mint(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The world outside.
pub(crate) fn environment() -> Environment {
    Environment { clock: Arc::new(WallClock), ids: Arc::new(TimeOrdered) }
}
