-- What is to be done on proxies, and what was done.

create table work (
    proxy_id             uuid not null references proxy (id) on delete cascade,
    kind                 text not null check (kind in ('deployment', 'team', 'key')),
    object_id            uuid not null,
    wanted_generation    bigint not null,
    lease_token          uuid,
    lease_expires_at     timestamptz,
    attempts             integer not null default 0,
    next_attempt_at      timestamptz not null,
    parked_code          text,
    parked_reason        text,
    last_error           text,
    enqueued_at          timestamptz not null,
    primary key (proxy_id, kind, object_id)
);
create index work_due on work (proxy_id, next_attempt_at) where parked_code is null;
comment on table work is 'The work queue: one row per object on a proxy that may not match. It carries a key, never a payload.';
comment on column work.proxy_id is 'Where.';
comment on column work.kind is 'deployment, team or key.';
comment on column work.object_id is 'Deployment, realm or key id.';
comment on column work.wanted_generation is 'Newest revision that asked; the row goes only when that was acted on.';
comment on column work.lease_token is 'Fence: only the holder may write back.';
comment on column work.lease_expires_at is 'When the lease may be taken over.';
comment on column work.attempts is 'Raised when a lease is taken, so that a crash counts too.';
comment on column work.next_attempt_at is 'Not before.';
comment on column work.parked_code is 'Why it is not tried again until its input changes or an operator says so.';
comment on column work.parked_reason is 'The same in words, redacted.';
comment on column work.last_error is 'The last failure, redacted.';
comment on column work.enqueued_at is 'Since when it waits; for the age of the queue.';

create table applied (
    proxy_id             uuid not null references proxy (id) on delete cascade,
    kind                 text not null check (kind in ('deployment', 'team', 'key')),
    object_id            uuid not null,
    external_id          text not null,
    generation           bigint not null default 0,
    hash                 text not null default '',
    state                text not null check (state in ('intended', 'applied', 'failed')),
    models               text[] not null default '{}',
    expires_at           timestamptz,
    error_code           text,
    error_message        text,
    observed_at          timestamptz not null,
    primary key (proxy_id, kind, object_id)
);
create unique index applied_external on applied (proxy_id, kind, external_id);
comment on table applied is 'What we last made true on a proxy.';
comment on column applied.proxy_id is 'Where.';
comment on column applied.kind is 'deployment, team or key.';
comment on column applied.object_id is 'Deployment, realm or key id.';
comment on column applied.external_id is 'Its name there: model_info.id, team_id, or the key''s SHA-256.';
comment on column applied.generation is 'Revision acted on.';
comment on column applied.hash is 'Hash of our own last rendered body.';
comment on column applied.state is 'intended: written before the first call, so that nothing made can be forgotten.';
comment on column applied.models is 'Model names it lets through there (team, key) or serves (deployment).';
comment on column applied.expires_at is 'When the key there expires.';
comment on column applied.error_code is 'Why it failed, as a code.';
comment on column applied.error_message is 'Why it failed, redacted.';
comment on column applied.observed_at is 'When this was last seen to be so.';
