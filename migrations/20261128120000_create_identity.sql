-- Signing in by others' word: identity providers of people, and rules for the jobs of CI systems.

create table identity_provider (
    id                   uuid primary key,
    name                 text not null unique,
    issuer               text not null,
    client_id            text not null,
    client_secret        bytea not null,
    secret_generation    bigint not null default 1,
    scopes               text[] not null,
    groups_claim         text not null,
    group_roles          jsonb not null,
    trusts_email         boolean not null,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
comment on table identity_provider is 'OpenID Connect providers that people sign in with.';
comment on column identity_provider.id is 'Id of the provider.';
comment on column identity_provider.name is 'How it is named in URLs and on the page for signing in.';
comment on column identity_provider.issuer is 'The issuer that its tokens must name; discovery starts from it.';
comment on column identity_provider.client_id is 'Who we are there; the audience that its tokens must name.';
comment on column identity_provider.client_secret is 'Sealed.';
comment on column identity_provider.secret_generation is 'Raised with every new client secret.';
comment on column identity_provider.scopes is 'Asked for, beside openid.';
comment on column identity_provider.groups_claim is 'The claim that lists the groups of a person.';
comment on column identity_provider.group_roles is 'Which role a group gives, and where: [{group, role, realmId}].';
comment on column identity_provider.trusts_email is 'A verified email of it is the person of that email here.';
comment on column identity_provider.version is 'The ETag.';
comment on column identity_provider.created_at is 'When it was added.';
comment on column identity_provider.updated_at is 'When it was changed last.';

create table person_identity (
    provider_id          uuid not null references identity_provider (id) on delete cascade,
    subject              text not null,
    person_id            uuid not null references person (id) on delete cascade,
    primary key (provider_id, subject)
);
create index person_identity_person on person_identity (person_id);
comment on table person_identity is 'Who people are at identity providers.';
comment on column person_identity.provider_id is 'The provider.';
comment on column person_identity.subject is 'What it calls them, for good.';
comment on column person_identity.person_id is 'Who they are here.';

alter table person_role add column provider_id uuid references identity_provider (id) on delete cascade;
drop index person_role_once;
create unique index person_role_once on person_role
    (person_id, role, coalesce(realm_id, '00000000-0000-0000-0000-000000000000'), coalesce(provider_id, '00000000-0000-0000-0000-000000000000'));
comment on column person_role.provider_id is 'The provider whose groups give it, renewed at every sign-in there; null: people here gave it.';

create table workload_rule (
    id                   uuid primary key,
    name                 text not null unique,
    issuer               text not null,
    audience             text not null,
    claims               jsonb not null,
    role                 text,
    permissions          text[] not null default '{}',
    realm_ids            uuid[],
    lifetime_seconds     integer not null,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    created_by           text not null,
    updated_at           timestamptz not null,
    check (role is not null or permissions <> '{}')
);
comment on table workload_rule is 'Which jobs of CI systems get a token for their own one, and what it may do.';
comment on column workload_rule.id is 'Id of the rule.';
comment on column workload_rule.name is 'What the audit calls the jobs, before their subject.';
comment on column workload_rule.issuer is 'The issuer that a job''s token must name.';
comment on column workload_rule.audience is 'The audience that it must name.';
comment on column workload_rule.claims is 'What other claims must be, by name; a * at the end stands for any rest.';
comment on column workload_rule.role is 'The named set of permissions that it gives.';
comment on column workload_rule.permissions is 'Single permissions.';
comment on column workload_rule.realm_ids is 'The realms where; null: everywhere.';
comment on column workload_rule.lifetime_seconds is 'How long a token counts.';
comment on column workload_rule.version is 'The ETag.';
comment on column workload_rule.created_at is 'When it was made.';
comment on column workload_rule.created_by is 'Who made it.';
comment on column workload_rule.updated_at is 'When it was changed last.';

create table workload_token (
    token_hash           text primary key,
    rule_id              uuid not null references workload_rule (id) on delete cascade,
    subject              text not null,
    expires_at           timestamptz not null
);
comment on table workload_token is 'Short-lived tokens of CI jobs. What they may do is what their rule says now.';
comment on column workload_token.token_hash is 'SHA-256 (hex) of the token.';
comment on column workload_token.rule_id is 'The rule that it was given by.';
comment on column workload_token.subject is 'The job, as its issuer calls it.';
comment on column workload_token.expires_at is 'When it ends.';

create table used_identity_token (
    token_hash           text primary key,
    expires_at           timestamptz not null
);
comment on table used_identity_token is 'Tokens of people and jobs that were taken: each counts once.';
comment on column used_identity_token.token_hash is 'SHA-256 (hex) over its nonce, or issuer and jti, or the token where it has neither.';
comment on column used_identity_token.expires_at is 'When it would not be accepted anyway.';
