-- Agents, their membership, enrolment and sessions.

create table agent (
    did                  text primary key,
    name                 text not null,
    status               text not null check (status in ('pending', 'approved', 'rejected', 'revoked')),
    status_reason        text,
    mode                 text not null default 'realm' check (mode in ('realm', 'manual', 'env')),
    realm_id             uuid references realm (id) on delete set null,
    model_id             uuid references model (id) on delete set null,
    manual_config        jsonb,
    manual_api_key       bytea,
    manual_generation    bigint not null default 0,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    approved_at          timestamptz
);
create index agent_choice on agent (realm_id, model_id) where realm_id is not null;
comment on table agent is 'A program identified by a did:key.';
comment on column agent.did is 'did:key of its Ed25519 public key.';
comment on column agent.name is 'Display name.';
comment on column agent.status is 'pending until an admin or a token approves it; revoked for good.';
comment on column agent.status_reason is 'Why it was rejected or revoked.';
comment on column agent.mode is 'realm: through the fleet; manual: an admin typed it; env: its own environment.';
comment on column agent.realm_id is 'Chosen realm; null: chosen by rule.';
comment on column agent.model_id is 'Chosen model; null: chosen by rule.';
comment on column agent.manual_config is 'Provider, model, base URL and so on in manual mode; never the key.';
comment on column agent.manual_api_key is 'Key of manual mode, sealed.';
comment on column agent.manual_generation is 'Raised when the manual key changes; part of what is sealed.';
comment on column agent.version is 'Raised by every edit; the ETag.';
comment on column agent.created_at is 'When it first enrolled.';
comment on column agent.updated_at is 'When an admin last changed it.';
comment on column agent.approved_at is 'When it was approved.';

create table realm_agent (
    realm_id             uuid not null references realm (id) on delete cascade,
    did                  text not null references agent (did) on delete cascade,
    is_primary           boolean not null default false,
    joined_at            timestamptz not null,
    primary key (realm_id, did)
);
create unique index realm_agent_one_primary on realm_agent (did) where is_primary;
create index realm_agent_did on realm_agent (did);
comment on table realm_agent is 'Membership.';
comment on column realm_agent.realm_id is 'Realm.';
comment on column realm_agent.did is 'Agent.';
comment on column realm_agent.is_primary is 'The realm its model is chosen from first.';
comment on column realm_agent.joined_at is 'When it joined.';

create table agent_session (
    did                  text primary key references agent (did) on delete cascade,
    epoch                bigint not null default 0,
    replica_id           uuid,
    connected_at         timestamptz,
    disconnected_at      timestamptz,
    last_seen_at         timestamptz,
    agent_version        text,
    offered_version      bigint not null default 0,
    offered_hash         text,
    offered_realm_id     uuid,
    offered_model_id     uuid,
    offered_at           timestamptz,
    applied_version      bigint,
    applied_hash         text,
    applied_key_generation bigint,
    applied_at           timestamptz,
    rejected_version     bigint,
    rejected_hash        text,
    rejected_code        text,
    rejected_message     text,
    rejected_field       text,
    rejected_at          timestamptz,
    retry_asked          boolean not null default false
);
create index agent_session_replica on agent_session (replica_id) where replica_id is not null;
comment on table agent_session is 'What is known of an agent''s session; written in batches, configures nothing.';
comment on column agent_session.did is 'Agent.';
comment on column agent_session.epoch is 'Raised by every accepted session; a late word of an older one is dropped.';
comment on column agent_session.replica_id is 'The replica that holds the session; null: none does.';
comment on column agent_session.connected_at is 'Since when.';
comment on column agent_session.disconnected_at is 'When the last session ended.';
comment on column agent_session.last_seen_at is 'Last message of any kind.';
comment on column agent_session.agent_version is 'Version the agent says it is.';
comment on column agent_session.offered_version is 'Newest version sent; never decreases.';
comment on column agent_session.offered_hash is 'Hash of the document sent.';
comment on column agent_session.offered_realm_id is 'Realm of the model offered: a rule-made choice sticks to it while it may be used.';
comment on column agent_session.offered_model_id is 'Model offered.';
comment on column agent_session.offered_at is 'When it was sent.';
comment on column agent_session.applied_version is 'Version the agent says it runs.';
comment on column agent_session.applied_hash is 'Hash of what it runs.';
comment on column agent_session.applied_key_generation is 'Key generation of what it runs; rotation waits for it.';
comment on column agent_session.applied_at is 'When it said so.';
comment on column agent_session.rejected_version is 'Version it refused last.';
comment on column agent_session.rejected_hash is 'Hash it refused; not offered again unless asked for.';
comment on column agent_session.rejected_code is 'Why, as a code.';
comment on column agent_session.rejected_message is 'Why, in words.';
comment on column agent_session.rejected_field is 'Which field it did not like.';
comment on column agent_session.rejected_at is 'When.';
comment on column agent_session.retry_asked is 'An admin asked to offer the refused document once more.';

create table enrollment_token (
    id                   uuid primary key,
    token_hash           text not null unique,
    fingerprint          text not null,
    realm_ids            uuid[] not null default '{}',
    max_uses             integer not null,
    uses                 integer not null default 0,
    expires_at           timestamptz not null,
    revoked_at           timestamptz,
    created_at           timestamptz not null,
    created_by           text not null
);
comment on table enrollment_token is 'Lets agents enrol without waiting for approval.';
comment on column enrollment_token.id is 'UUIDv7.';
comment on column enrollment_token.token_hash is 'SHA-256 (hex) of the token, which is shown once.';
comment on column enrollment_token.fingerprint is 'What may be shown of it.';
comment on column enrollment_token.realm_ids is 'Realms the agent joins, the first as its primary one.';
comment on column enrollment_token.max_uses is 'How many agents may enrol with it.';
comment on column enrollment_token.uses is 'How many did.';
comment on column enrollment_token.expires_at is 'When it ends.';
comment on column enrollment_token.revoked_at is 'When an admin ended it.';
comment on column enrollment_token.created_at is 'When it was made.';
comment on column enrollment_token.created_by is 'Who made it.';

create table used_proof (
    did                  text not null,
    jti                  text not null,
    expires_at           timestamptz not null,
    primary key (did, jti)
);
create index used_proof_expiry on used_proof (expires_at);
comment on table used_proof is 'Agents'' proofs already seen: each is good once, on any replica.';
comment on column used_proof.did is 'Who signed it.';
comment on column used_proof.jti is 'Its id.';
comment on column used_proof.expires_at is 'When it is no longer accepted anyway, and this row may go.';
