-- The fleet.

create table proxy (
    id                   uuid primary key,
    name                 text not null unique,
    base_url             text not null,
    public_url           text not null,
    master_key           bytea not null,
    labels               jsonb not null default '{}',
    deleting             boolean not null default false,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    status               text not null default 'unknown'
                         check (status in ('unknown', 'ready', 'unreachable', 'unsupported')),
    status_since         timestamptz not null,
    status_code          text,
    status_message       text,
    litellm_version      text,
    capabilities         jsonb not null default '{}',
    checked_at           timestamptz,
    check_due_at         timestamptz not null,
    scan_due_at          timestamptz not null,
    scanned_at           timestamptz,
    foreign_counts       jsonb not null default '{}'
);
comment on table proxy is 'One LiteLLM deployment: one admin URL, one database.';
comment on column proxy.id is 'UUIDv7.';
comment on column proxy.name is 'Slug, unique.';
comment on column proxy.base_url is 'Admin URL, no trailing slash.';
comment on column proxy.public_url is 'The URL agents use, no trailing slash.';
comment on column proxy.master_key is 'LiteLLM master key, sealed.';
comment on column proxy.labels is 'Free labels, string to string.';
comment on column proxy.deleting is 'Being removed: everything of ours on it is taken away first.';
comment on column proxy.version is 'Raised by every edit; the ETag.';
comment on column proxy.created_at is 'When it was registered.';
comment on column proxy.updated_at is 'When an admin last changed it.';
comment on column proxy.status is 'What the last probe found.';
comment on column proxy.status_since is 'Since when it is so.';
comment on column proxy.status_code is 'Stable code of the reason when it is not ready.';
comment on column proxy.status_message is 'The reason in words, redacted.';
comment on column proxy.litellm_version is 'Version it reported.';
comment on column proxy.capabilities is 'What the probe found it can do.';
comment on column proxy.checked_at is 'Last probe.';
comment on column proxy.check_due_at is 'Next probe; moved on by the replica that takes it, so it is also the lease.';
comment on column proxy.scan_due_at is 'Next full scan; moved on by the replica that takes it.';
comment on column proxy.scanned_at is 'Last completed full scan.';
comment on column proxy.foreign_counts is 'How many models, teams and keys on it are not ours.';
