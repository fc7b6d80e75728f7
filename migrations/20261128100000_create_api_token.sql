-- Tokens of CI jobs and services, what the installation allows, and how the caller of an audit row was known.

create table api_token (
    id                   uuid primary key,
    name                 text not null,
    token_hash           text not null unique,
    fingerprint          text not null,
    previous_hash        text unique,
    previous_until       timestamptz,
    role                 text,
    permissions          text[] not null default '{}',
    realm_ids            uuid[],
    expires_at           timestamptz not null,
    last_used_at         timestamptz,
    last_used_address    text,
    rotated_at           timestamptz,
    revoked_at           timestamptz,
    created_at           timestamptz not null,
    created_by           text not null,
    check (role is not null or permissions <> '{}')
);
create unique index api_token_name on api_token (name) where revoked_at is null;
comment on table api_token is 'Tokens for CI jobs and services; the text of a token is stored nowhere.';
comment on column api_token.id is 'Id of the token.';
comment on column api_token.name is 'What the audit calls its holder; free again when the token is revoked.';
comment on column api_token.token_hash is 'SHA-256 (hex) of the token.';
comment on column api_token.fingerprint is 'What may be shown of it.';
comment on column api_token.previous_hash is 'SHA-256 (hex) of the text before the last rotation, while that still counts.';
comment on column api_token.previous_until is 'Until when the text before the last rotation counts.';
comment on column api_token.role is 'The named set of permissions that it has.';
comment on column api_token.permissions is 'Single permissions, such as grants:write.';
comment on column api_token.realm_ids is 'The realms where it has them; null: everywhere.';
comment on column api_token.expires_at is 'When it ends by itself.';
comment on column api_token.last_used_at is 'When it was used last, to a minute.';
comment on column api_token.last_used_address is 'From where it was used last.';
comment on column api_token.rotated_at is 'When it got its present text, if not when it was made.';
comment on column api_token.revoked_at is 'When it was ended by hand.';
comment on column api_token.created_at is 'When it was made.';
comment on column api_token.created_by is 'Who made it.';

alter table installation add column bootstrap_token_enabled boolean not null default true;
alter table installation add column audit_retention_days integer;
alter table installation add column settings_version bigint not null default 1;
comment on column installation.bootstrap_token_enabled is 'Whether the bootstrap admin token is accepted.';
comment on column installation.audit_retention_days is 'Audit rows older than this go; null: they stay.';
comment on column installation.settings_version is 'The ETag of the settings.';

alter table audit add column auth text;
alter table audit add column address text;
comment on column audit.auth is 'How the actor was known, such as token:<id>; null in rows of versions that did not write it.';
comment on column audit.address is 'From where the actor asked, as an IP address.';
