-- Realms, grants and virtual keys.

create table realm (
    id                   uuid primary key,
    slug                 text not null unique,
    name                 text not null,
    description          text not null default '',
    is_default           boolean not null default false,
    default_model_id     uuid references model (id) on delete set null,
    monthly_budget_usd   double precision,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
create unique index realm_one_default on realm (is_default) where is_default;
comment on table realm is 'A tenant group: agents, grants, budget.';
comment on column realm.id is 'UUIDv7; the team id on a proxy derives from it.';
comment on column realm.slug is 'Unique, immutable: part of the key alias.';
comment on column realm.name is 'Display name.';
comment on column realm.description is 'Free text.';
comment on column realm.is_default is 'The realm of agents that were enrolled without one.';
comment on column realm.default_model_id is 'The model its agents get when none was chosen for them.';
comment on column realm.monthly_budget_usd is 'US dollars a month over all its agents; null: no limit.';
comment on column realm.version is 'Raised by every edit; the ETag.';
comment on column realm.created_at is 'When it was made.';
comment on column realm.updated_at is 'When it last changed.';

create table model_grant (
    id                   uuid primary key,
    realm_id             uuid not null references realm (id) on delete cascade,
    model_id             uuid not null references model (id) on delete cascade,
    expires_at           timestamptz,
    reason               text not null default '',
    created_at           timestamptz not null,
    created_by           text not null,
    revoked_at           timestamptz,
    revoke_revision      bigint,
    done_at              timestamptz
);
create unique index model_grant_live on model_grant (realm_id, model_id) where revoked_at is null;
create index model_grant_model on model_grant (model_id);
create index model_grant_open on model_grant (realm_id) where revoked_at is not null and done_at is null;
create index model_grant_expiry on model_grant (expires_at) where revoked_at is null and expires_at is not null;
comment on table model_grant is 'A grant: model x realm.';
comment on column model_grant.id is 'UUIDv7.';
comment on column model_grant.realm_id is 'Who may.';
comment on column model_grant.model_id is 'What.';
comment on column model_grant.expires_at is 'When it ends by itself.';
comment on column model_grant.reason is 'Why it was given.';
comment on column model_grant.created_at is 'When it was given.';
comment on column model_grant.created_by is 'Who gave it.';
comment on column model_grant.revoked_at is 'When it was taken away or ran out; the right is revoking from here on.';
comment on column model_grant.revoke_revision is 'The revision that took it away.';
comment on column model_grant.done_at is 'When no proxy held the right any more.';

create table realm_key (
    id                   uuid primary key,
    realm_id             uuid not null references realm (id) on delete cascade,
    generation           bigint not null,
    secret               bytea not null,
    token                text not null unique,
    fingerprint          text not null,
    state                text not null default 'current' check (state in ('current', 'retiring')),
    created_at           timestamptz not null,
    retire_after         timestamptz,
    unique (realm_id, generation)
);
create unique index realm_key_current on realm_key (realm_id) where state = 'current';
comment on table realm_key is 'Generations of a realm''s virtual key; every proxy that serves the realm holds the same secret.';
comment on column realm_key.id is 'UUIDv7 of this generation.';
comment on column realm_key.realm_id is 'Whose key.';
comment on column realm_key.generation is 'Counts up from 1.';
comment on column realm_key.secret is 'Plaintext key, sealed before any proxy hears of it.';
comment on column realm_key.token is 'SHA-256 (hex) of the plaintext: its name on every proxy.';
comment on column realm_key.fingerprint is 'What may be shown of it.';
comment on column realm_key.state is 'current: delivered to agents; retiring: still valid until they have the next one.';
comment on column realm_key.created_at is 'When it was made.';
comment on column realm_key.retire_after is 'When a retiring generation goes at the latest.';
