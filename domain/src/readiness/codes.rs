//! What readiness has codes for: requirements, steps, notices and evidence.

use super::texts::coded;

coded! {
    /// Something that must be there before a declaration.
    pub enum Requirement {
        /// The management commits to the articles: one star.
        ArticlesCommitment = "articles_commitment",
        /// The company knows its state by IPA's self-check: two stars.
        SelfCheck = "self_check",
        /// There is a basic information security policy: two stars.
        PolicyEstablished = "policy_established",
        /// That policy is published: two stars.
        PolicyPublished = "policy_published",
        /// There is an account that IPA's system takes: asked by the system, not by a star.
        UsableAccount = "usable_account",
    }
}

coded! {
    /// How far a requirement is met.
    pub enum Fulfilment {
        /// It is met, as far as the company states.
        Met = "met",
        /// Something of equal content was done here, but not what IPA names.
        EquivalentDone = "equivalent_done",
        /// The company states that it is not there.
        Missing = "missing",
        /// Nobody stated it.
        Unknown = "unknown",
    }
}

coded! {
    /// What to do next.
    pub enum StepCode {
        /// State the management's commitment to the articles.
        StateCommitment = "state_commitment",
        /// Let the management look at the sheet of the articles that is here.
        ConfirmWithManagement = "confirm_with_management",
        /// State whether IPA's sheet was used.
        StateSelfCheck = "state_self_check",
        /// Take the self-check on IPA's sheet.
        TakeSelfCheck = "take_self_check",
        /// Run through IPA's sheet with the answers that are here.
        RunThroughOfficialSheet = "run_through_official_sheet",
        /// State whether there is a policy.
        StatePolicy = "state_policy",
        /// Establish a policy.
        EstablishPolicy = "establish_policy",
        /// State whether the policy is published.
        StatePublication = "state_publication",
        /// Publish the policy.
        PublishPolicy = "publish_policy",
        /// Publish the policy again, since its page is gone.
        RepublishPolicy = "republish_policy",
        /// State the kind of the account.
        StateAccount = "state_account",
        /// Apply for an account that IPA's system takes.
        ApplyForAccount = "apply_for_account",
        /// Renew the account, whose last day has passed.
        RenewAccount = "renew_account",
        /// Declare, in IPA's system.
        Declare = "declare",
    }
}

coded! {
    /// What is good to know beside the requirements.
    pub enum NoticeCode {
        /// The company declares by itself.
        SelfDeclarationOnly = "self_declaration_only",
        /// A firm that has done nothing yet may declare one star.
        CommitmentIsEnough = "commitment_is_enough",
        /// A commitment to the sixth article is optional.
        SixthArticleOptional = "sixth_article_optional",
        /// Two stars ask for no score.
        NoMinimumScore = "no_minimum_score",
        /// Two stars do not need one star first.
        StarOneNotNeededFirst = "star_one_not_needed_first",
        /// A self-check on mamori's questions is no more than equivalent.
        EquivalenceAdvice = "equivalence_advice",
        /// For a subsidy, the same account is needed.
        SameAccountForSubsidy = "same_account_for_subsidy",
        /// The account is not the one used for a subsidy.
        SubsidyAccountDiffers = "subsidy_account_differs",
    }
}

coded! {
    /// What speaks about a requirement.
    pub enum EvidenceKind {
        /// The company states the management's commitment.
        StatedCommitment = "stated_commitment",
        /// The company states a commitment to the sixth article.
        SixthArticle = "sixth_article",
        /// A sheet of the articles was submitted here.
        ArticlesSheet = "articles_sheet",
        /// The company states that IPA's sheet was used.
        OfficialSelfCheck = "official_self_check",
        /// A self-check on mamori's questions was submitted here.
        SelfCheckHere = "self_check_here",
        /// The company states that it has a policy.
        PolicyEstablished = "policy_established",
        /// The company states that the policy is published.
        PolicyPublished = "policy_published",
        /// Somebody found the page gone.
        PolicyGone = "policy_gone",
        /// The company states which account it has.
        Account = "account",
    }
}
