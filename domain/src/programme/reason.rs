//! Why a verdict is not a plain yes.

/// What a reason does to a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// A condition is not met: the answer is no.
    Fails,
    /// Whether a condition is met can't be said: the answer is unknown, unless another fails.
    LeavesOpen,
    /// The rule itself can't be relied on: the answer is unknown, whatever the conditions say.
    Withholds,
}

/// Declares the reasons, their codes and their effects in one place.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $effect:ident;)+) => {
        /// Why a verdict is not a plain yes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// All of them: what fails first, then what is open, then what withholds.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What it does to the verdict.
            #[must_use]
            pub const fn effect(self) -> Effect {
                match self { $(Self::$variant => Effect::$effect),+ }
            }
        }
    };
}

reasons! {
    /// Nothing was declared yet.
    NotDeclared = "not_declared", Fails;
    /// A declaration is being prepared.
    Preparing = "preparing", Fails;
    /// The declaration was stopped (停止).
    DeclarationStopped = "declaration_stopped", Fails;
    /// Two stars are asked for, and fewer were declared.
    TwoStarsRequired = "two_stars_required", Fails;
    /// More stars than were declared are asked for.
    MoreStarsRequired = "more_stars_required", Fails;
    /// The id is of the old system, and those are not accepted.
    OldGenerationId = "old_generation_id", Fails;
    /// The id is of another generation than those accepted.
    GenerationNotAccepted = "generation_not_accepted", Fails;
    /// The declaration was made with another GビズID account than the one that applies.
    GbizidDiffers = "gbizid_differs", Fails;
    /// Less was looked into than is asked for.
    EvidenceTooWeak = "evidence_too_weak", Fails;
    /// The status was confirmed too long before the application.
    ConfirmationTooOld = "confirmation_too_old", Fails;

    /// No declaration is known here, which does not say that there is none.
    NoDeclarationKnown = "no_declaration_known", LeavesOpen;
    /// Where the declaration stands is not known.
    StatusUnknown = "status_unknown", LeavesOpen;
    /// A newer declaration took its place, and it is that one which counts.
    DeclarationSuperseded = "declaration_superseded", LeavesOpen;
    /// The company has declarations that contradict one another.
    ConflictingDeclarations = "conflicting_declarations", LeavesOpen;
    /// How many stars were declared is not known.
    StarsUnknown = "stars_unknown", LeavesOpen;
    /// The generation of the id is not known.
    GenerationUnknown = "generation_unknown", LeavesOpen;
    /// Whether the declaration was made with the account that applies is not known.
    GbizidUnknown = "gbizid_unknown", LeavesOpen;
    /// How far the status was looked into is not known.
    EvidenceUnknown = "evidence_unknown", LeavesOpen;
    /// No confirmation of the status is on record.
    ConfirmationMissing = "confirmation_missing", LeavesOpen;

    /// The programme has no such round.
    UnknownRound = "unknown_round", Withholds;
    /// Applications for the round have not begun on that day.
    RoundNotOpen = "round_not_open", Withholds;
    /// The deadline of the round is over.
    RoundClosed = "round_closed", Withholds;
    /// No rule is known for that day.
    NoRuleForDate = "no_rule_for_date", Withholds;
    /// The rule was not read in the programme's own call for applications.
    RuleNotFromCall = "rule_not_from_call", Withholds;
    /// The rule was not compared with its source for too long.
    RuleNotCheckedLately = "rule_not_checked_lately", Withholds;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_reasons_stand_in_the_order_of_their_effects() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().map(|reason| reason.effect()).is_sorted());
        assert!(Reason::ALL.is_sorted());
    }
}
