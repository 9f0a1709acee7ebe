//! How the data of the sandbox comes to be: rule by rule from a fixed seed, company by company, each
//! from its own past to the present, through the routes that everybody uses.

mod checks;
mod company;
mod declarations;
mod programmes;
mod risks;
mod scribe;
mod words;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::world::World;
use crate::Service;
use company::Company;
use scribe::Scribe;
use words::Words;

/// How many companies there are.
const COMPANIES: u32 = 300;
/// The seed of all that is left to chance.
const SEED: u64 = 0x6d61_6d6f_7269;

/// Writes the data of the years until `present`; the clock is set to many times meanwhile.
///
/// # Errors
///
/// What the service refused, which it does not.
pub(super) async fn seed(
    service: &Service,
    world: &World,
    present: DateTime<Utc>,
) -> Result<(), String> {
    let words = Words::embedded()?;
    let scribe = Scribe::of(service, world, present).await?;
    programmes::write(&scribe).await?;
    for number in 0..COMPANIES {
        let mut rng = fastrand::Rng::with_seed(SEED + u64::from(number));
        let company = Company::register(&scribe, &words, &mut rng, number).await?;
        checks::write(&scribe, &mut rng, &company).await?;
        risks::write(&scribe, &words, &mut rng, &company).await?;
        declarations::write(&scribe, &mut rng, &company).await?;
    }
    Ok(())
}

/// Whether something happens that does in so many of a hundred cases.
fn happens(rng: &mut fastrand::Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}

/// Says one thing more in a body.
fn say(body: &mut Value, field: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// One of them, as often as its weight says.
fn weighed<T: Copy>(rng: &mut fastrand::Rng, choices: &[(u32, T)], otherwise: T) -> T {
    let mut left = rng.u32(0..choices.iter().map(|(weight, _)| *weight).sum::<u32>().max(1));
    for (weight, choice) in choices {
        if left < *weight {
            return *choice;
        }
        left -= weight;
    }
    otherwise
}
