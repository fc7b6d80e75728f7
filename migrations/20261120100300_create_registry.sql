-- Provider credentials, models and their deployments.

create table provider_credential (
    id                   uuid primary key,
    name                 text unique,
    provider             text not null,
    api_key              bytea not null,
    fingerprint          text not null,
    generation           bigint not null default 1,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
comment on table provider_credential is 'A provider''s API key, write-only.';
comment on column provider_credential.id is 'UUIDv7.';
comment on column provider_credential.name is 'Unique name; null when it was typed into a model and belongs to that alone.';
comment on column provider_credential.provider is 'Provider name.';
comment on column provider_credential.api_key is 'The key, sealed.';
comment on column provider_credential.fingerprint is 'What may be shown of it.';
comment on column provider_credential.generation is 'Raised when the key changes; part of what is sealed and of the deployment hash.';
comment on column provider_credential.version is 'Raised by every edit; the ETag.';
comment on column provider_credential.created_at is 'When it was stored.';
comment on column provider_credential.updated_at is 'When it last changed.';

create table model (
    id                   uuid primary key,
    name                 text not null,
    provider             text not null,
    litellm_model_name   text not null unique,
    description          text not null default '',
    status               text not null default 'active' check (status in ('active', 'inactive')),
    max_tokens           integer,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
comment on table model is 'An entry of the registry.';
comment on column model.id is 'UUIDv7.';
comment on column model.name is 'Display name.';
comment on column model.provider is 'Provider it was registered with.';
comment on column model.litellm_model_name is '{provider}/{slug(name)}: the name callers use; unique, immutable.';
comment on column model.description is 'Free text.';
comment on column model.status is 'inactive: kept, but on no proxy and usable by nobody.';
comment on column model.max_tokens is 'Told to agents; not enforced.';
comment on column model.version is 'Raised by every edit; the ETag.';
comment on column model.created_at is 'When it was registered.';
comment on column model.updated_at is 'When it last changed.';

create table deployment (
    id                   uuid primary key,
    model_id             uuid not null references model (id) on delete cascade,
    provider             text not null,
    upstream_model_id    text not null,
    base_url             text,
    credential_id        uuid references provider_credential (id),
    routing_order        integer,
    weight               integer,
    litellm_params       jsonb not null default '{}',
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
create index deployment_model on deployment (model_id);
create index deployment_credential on deployment (credential_id);
comment on table deployment is 'One backend of a model.';
comment on column deployment.id is 'UUIDv7; the model_info.id on a proxy derives from it.';
comment on column deployment.model_id is 'The model it serves.';
comment on column deployment.provider is 'Provider, decides the litellm_params prefix.';
comment on column deployment.upstream_model_id is 'The provider''s own name for the model.';
comment on column deployment.base_url is 'Backend URL where the provider needs or allows one.';
comment on column deployment.credential_id is 'The key it calls with.';
comment on column deployment.routing_order is 'LiteLLM order: lower first.';
comment on column deployment.weight is 'LiteLLM weight among equals.';
comment on column deployment.litellm_params is 'Further litellm_params, never secret.';
comment on column deployment.version is 'Raised by every edit; the ETag.';
comment on column deployment.created_at is 'When it was added.';
comment on column deployment.updated_at is 'When it last changed.';
