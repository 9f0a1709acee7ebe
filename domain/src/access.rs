//! Who may do what: scopes (権限).

use std::collections::BTreeSet;
use std::fmt;

use uuid::Uuid;

/// A right that a client may have and a token may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read organizations and units.
    OrganizationsRead,
    /// Register and change organizations and units.
    OrganizationsWrite,
    /// Read assessments, answers and results.
    AssessmentsRead,
    /// Begin, answer and submit assessments.
    AssessmentsWrite,
    /// Read the risk register: assets, threats, risks, treatments.
    RisksRead,
    /// Change the risk register.
    RisksWrite,
    /// Read declarations, consents, attestations and programmes, and check the status of others.
    DeclarationsRead,
    /// Record declarations and consents, issue attestations, keep programmes of one's own.
    DeclarationsWrite,
    /// Every scope on the client's own organizations, and the administration of clients.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 9] = [
        Self::OrganizationsRead,
        Self::OrganizationsWrite,
        Self::AssessmentsRead,
        Self::AssessmentsWrite,
        Self::RisksRead,
        Self::RisksWrite,
        Self::DeclarationsRead,
        Self::DeclarationsWrite,
        Self::Admin,
    ];

    /// The scope as OAuth writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationsRead => "organizations:read",
            Self::OrganizationsWrite => "organizations:write",
            Self::AssessmentsRead => "assessments:read",
            Self::AssessmentsWrite => "assessments:write",
            Self::RisksRead => "risks:read",
            Self::RisksWrite => "risks:write",
            Self::DeclarationsRead => "declarations:read",
            Self::DeclarationsWrite => "declarations:write",
            Self::Admin => "admin",
        }
    }

    /// The scope of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads scopes separated by spaces.
    ///
    /// # Errors
    ///
    /// The first word that is no scope.
    pub fn parse(text: &str) -> Result<Self, &str> {
        text.split_ascii_whitespace().map(|word| Scope::parse(word).ok_or(word)).collect()
    }

    /// Whether the set allows what `scope` allows; `admin` allows everything.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes of `self` that `other` allows too. `admin` on one side stands for all
    /// scopes of the other.
    #[must_use]
    pub fn narrowed_to(&self, other: &Self) -> Self {
        let either = self.0.union(&other.0).copied();
        either.filter(|scope| self.allow(*scope) && other.allow(*scope)).collect()
    }

    /// The scopes, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// The person behind a call. Mamori keeps who it was said to be, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// An opaque name of 1 to 64 characters.
    pub name: String,
    /// Who says so.
    pub source: ActorSource,
}

/// Who says which person is behind a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorSource {
    /// The client, in a header.
    StatedByClient,
    /// A trusted issuer, in the subject of its token.
    Issuer,
}

/// In whose name a transaction acts. Every statement of the store is bounded by it.
#[derive(Debug, Clone)]
pub enum Authority {
    /// A client, over its own organizations or one of them.
    Client {
        /// The client, which is the custodian of what it sees.
        client: Uuid,
        /// The one organization that its token is narrowed to.
        organization: Option<Uuid>,
        /// The person behind the call.
        actor: Option<Actor>,
    },
    /// The service itself, for what has no tenant; the reason is kept with every change.
    System(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn scopes_are_read_and_written_in_one_order() {
        assert_eq!(
            scopes("assessments:read  organizations:read organizations:read").to_string(),
            "organizations:read assessments:read"
        );
        assert_eq!(Scopes::parse("organizations:read all"), Err("all"));
    }

    #[test]
    fn admin_stands_for_every_scope() {
        let admin = scopes("admin");
        assert!(Scope::ALL.into_iter().all(|scope| admin.allow(scope)));
        let asked = scopes("assessments:read");
        assert_eq!(admin.narrowed_to(&asked), asked);
        assert_eq!(asked.narrowed_to(&admin), asked);
    }

    #[test]
    fn narrowing_never_adds() {
        let client = scopes("organizations:read assessments:write");
        assert_eq!(
            client.narrowed_to(&scopes("organizations:read organizations:write")).to_string(),
            "organizations:read"
        );
        assert!(client.narrowed_to(&scopes("organizations:write")).is_empty());
    }
}
