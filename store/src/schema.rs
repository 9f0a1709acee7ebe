//! The tables, as Diesel sees them on both engines.

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    client (id) {
        id -> Id,
        name -> Text,
        scopes -> Text,
        secret_hash -> Nullable<Binary>,
        previous_secret_hash -> Nullable<Binary>,
        previous_secret_until -> Nullable<Instant>,
        jwks -> Nullable<Text>,
        origins -> Text,
        rate_limit -> Nullable<Integer>,
        disabled_at -> Nullable<Instant>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    client_identity (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        client_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    used_assertion (client_id, jti) {
        client_id -> Id,
        jti -> Text,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    signing_key (kid) {
        kid -> Text,
        public_jwk -> Text,
        sealed -> Binary,
        active_from -> Instant,
        retired_at -> Nullable<Instant>,
        created_at -> Instant,
        published_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    epoch (id) {
        id -> Integer,
        value -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    organization (id) {
        id -> Id,
        custodian_id -> Id,
        external_id -> Nullable<Text>,
        kind -> Text,
        name -> Text,
        name_kana -> Nullable<Text>,
        trade_name -> Nullable<Text>,
        corporate_number -> Nullable<Text>,
        representative_title -> Nullable<Text>,
        representative_name -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        prefecture -> Nullable<Text>,
        municipality -> Nullable<Text>,
        street -> Nullable<Text>,
        phone -> Nullable<Text>,
        website -> Nullable<Text>,
        industry -> Nullable<Text>,
        employees -> Nullable<Integer>,
        employees_as_of -> Nullable<Date>,
        capital -> Nullable<BigInt>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        listed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    unit (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        name -> Text,
        kind -> Text,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    assessment (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        unit_id -> Nullable<Id>,
        question_bank -> Text,
        edition -> Text,
        text_revision -> Integer,
        state -> Text,
        answered_on -> Date,
        respondent -> Nullable<Text>,
        respondent_name -> Nullable<Text>,
        method -> Text,
        assisted_by -> Nullable<Text>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        submitted_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    answer (assessment_id, question) {
        assessment_id -> Id,
        question -> Integer,
        custodian_id -> Id,
        choice -> Text,
        not_used -> Bool,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    result (assessment_id) {
        assessment_id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        unit_id -> Nullable<Id>,
        question_bank -> Text,
        edition -> Text,
        text_revision -> Integer,
        answered_on -> Date,
        respondent -> Nullable<Text>,
        respondent_name -> Nullable<Text>,
        method -> Text,
        assisted_by -> Nullable<Text>,
        submitted_at -> Instant,
        total -> Nullable<Integer>,
        band -> Nullable<Text>,
        outcome -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    idempotency (client_id, operation, key) {
        client_id -> Id,
        operation -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> Nullable<Integer>,
        headers -> Nullable<Text>,
        body -> Nullable<Binary>,
        secret -> Bool,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    change (id) {
        id -> Id,
        custodian_id -> Nullable<Id>,
        organization_id -> Nullable<Id>,
        resource -> Text,
        resource_id -> Text,
        revision -> BigInt,
        kind -> Text,
        client_id -> Nullable<Id>,
        actor -> Nullable<Text>,
        actor_source -> Text,
        trace_id -> Text,
        happened_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    risk_register (organization_id) {
        organization_id -> Id,
        custodian_id -> Id,
        edition -> Text,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    threat_frequency (organization_id, medium, threat) {
        organization_id -> Id,
        medium -> Text,
        threat -> Text,
        custodian_id -> Id,
        frequency -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    asset (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        external_id -> Nullable<Text>,
        name -> Text,
        search_key -> Text,
        business_category -> Nullable<Text>,
        note -> Nullable<Text>,
        user_scope -> Nullable<Text>,
        owner_department -> Nullable<Text>,
        medium -> Text,
        personal_information -> Bool,
        special_care_required_personal_information -> Bool,
        specific_personal_information -> Bool,
        threatens_survival -> Bool,
        confidentiality -> Integer,
        integrity -> Integer,
        availability -> Integer,
        importance -> Integer,
        retention -> Nullable<Text>,
        registered_on -> Date,
        tags -> Text,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    treatment (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        asset_id -> Id,
        kind -> Text,
        title -> Text,
        reason -> Nullable<Text>,
        state -> Text,
        owner -> Nullable<Text>,
        due_on -> Nullable<Date>,
        cost -> Nullable<BigInt>,
        evidence_url -> Nullable<Text>,
        accepted_by -> Nullable<Text>,
        accepted_on -> Nullable<Date>,
        accepted_until -> Nullable<Date>,
        expected_threat -> Nullable<Integer>,
        expected_vulnerability -> Nullable<Integer>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    risk_snapshot (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        label -> Text,
        edition -> Text,
        exposures -> Text,
        asset_count -> BigInt,
        taken_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    risk_snapshot_row (snapshot_id, asset_id) {
        snapshot_id -> Id,
        asset_id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        external_id -> Nullable<Text>,
        name -> Text,
        owner_department -> Nullable<Text>,
        medium -> Text,
        importance -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    asset_import (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        about -> Text,
        applied_at -> Nullable<Instant>,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    asset_import_row (import_id, number) {
        import_id -> Id,
        number -> BigInt,
        custodian_id -> Id,
        organization_id -> Id,
        verdict -> Text,
        about -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    declaration_register (organization_id) {
        organization_id -> Id,
        custodian_id -> Id,
        known_through -> Instant,
        main_id -> Nullable<Id>,
        conflicting_since -> Nullable<Date>,
        old_beside_new -> Bool,
        details_changed_on -> Nullable<Date>,
        preparation -> Text,
        reminder_from -> Nullable<Date>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    declaration (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        self_declaration_id -> Nullable<Text>,
        state -> Nullable<Text>,
        stars -> Nullable<Integer>,
        articles_edition -> Nullable<Text>,
        grade -> Text,
        declared_on -> Nullable<Date>,
        confirmed_on -> Nullable<Date>,
        superseded_by -> Nullable<Id>,
        listed -> Bool,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    declaration_entry (declaration_id, number) {
        declaration_id -> Id,
        number -> Integer,
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        effective_on -> Date,
        recorded_at -> Instant,
        fact -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    consent (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        purpose -> Text,
        given_by -> Text,
        given_on -> Date,
        withdrawn_at -> Nullable<Instant>,
        withdrawn_by -> Nullable<Text>,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    status_list (id) {
        id -> Integer,
        given -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    attestation (id) {
        id -> Id,
        custodian_id -> Id,
        organization_id -> Id,
        consent_id -> Id,
        list -> Integer,
        position -> Integer,
        statement -> Text,
        token -> Text,
        issued_at -> Instant,
        valid_until -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    revoked_position (list, position) {
        list -> Integer,
        position -> Integer,
        attestation_id -> Id,
        revoked_at -> Instant,
        valid_until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::sql::*;

    programme (id) {
        id -> Id,
        custodian_id -> Id,
        body -> Text,
        revision -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::joinable!(client_identity -> client (client_id));
diesel::joinable!(answer -> assessment (assessment_id));
diesel::joinable!(result -> assessment (assessment_id));
diesel::joinable!(treatment -> asset (asset_id));

diesel::allow_tables_to_appear_in_same_query!(
    client,
    client_identity,
    used_assertion,
    signing_key,
    epoch,
    organization,
    unit,
    assessment,
    answer,
    result,
    risk_register,
    threat_frequency,
    asset,
    treatment,
    risk_snapshot,
    risk_snapshot_row,
    asset_import,
    asset_import_row,
    declaration_register,
    declaration,
    declaration_entry,
    consent,
    status_list,
    attestation,
    revoked_position,
    programme,
    idempotency,
    change
);
