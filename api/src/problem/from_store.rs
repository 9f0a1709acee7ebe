//! What the store's failures mean to a client.

use mamori_store::{Error, Kind as Failure, Stop};

use super::{Kind, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error.kind() {
            Failure::Unavailable | Failure::Again => {
                let away = Self::new(Kind::Unavailable).header("retry-after", 1);
                Self { cause: Some(error.to_string().into()), ..away }
            }
            Failure::ClientDisabled => Self::new(Kind::TokenInvalid),
            Failure::InFlight => Self::new(Kind::InFlight).header("retry-after", 1),
            Failure::KeyReused => Self::new(Kind::IdempotencyKeyReused),
            Failure::SecretAlreadyShown(location) => {
                let problem = Self::new(Kind::SecretAlreadyShown);
                match location {
                    Some(location) => problem.header("location", location),
                    None => problem,
                }
            }
            Failure::Taken | Failure::InUse | Failure::Corrupt | Failure::Internal => {
                Self::internal(error.to_string())
            }
        }
    }
}

impl From<Stop<Self>> for Problem {
    fn from(stop: Stop<Self>) -> Self {
        match stop {
            Stop::Refused(problem) => problem,
            Stop::Failed(error) => error.into(),
        }
    }
}

impl From<Problem> for Stop<Problem> {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// Gives a refusal its name where the store only knows that a value is taken or in use.
pub(crate) fn refused_as(kind: Kind) -> impl Fn(Error) -> Stop<Problem> {
    move |error| match error.kind() {
        Failure::Taken | Failure::InUse => Stop::Refused(Problem::new(kind)),
        _ => Stop::Failed(error),
    }
}
