-- What there is exactly one of: this installation's identity, and the head of the change log and audit chain.

create table installation (
    singleton            boolean primary key default true check (singleton),
    id                   uuid not null,
    kek_canary           bytea not null,
    admin_token_hash     text,
    created_at           timestamptz not null
);
comment on table installation is 'One row: who this installation is.';
comment on column installation.singleton is 'Always true: holds the table to one row.';
comment on column installation.id is 'The owner named in every mark on a proxy.';
comment on column installation.kek_canary is 'A known text sealed with the newest key-encryption key; a wrong key fails at start.';
comment on column installation.admin_token_hash is 'SHA-256 (hex) of the generated bootstrap admin token; null when the environment names one.';
comment on column installation.created_at is 'First start.';

create table head (
    singleton            boolean primary key default true check (singleton),
    revision             bigint not null default 0,
    audit_seq            bigint not null default 0,
    audit_hash           text not null default ''
);
comment on table head is 'One row, locked last in every transaction that changes something: so revisions have no gaps and never commit late.';
comment on column head.singleton is 'Always true: holds the table to one row.';
comment on column head.revision is 'The newest revision of the change log.';
comment on column head.audit_seq is 'Sequence number of the newest audit row.';
comment on column head.audit_hash is 'Hash of the newest audit row; the next row chains to it.';
insert into head default values;

create table replica (
    id                   uuid primary key,
    started_at           timestamptz not null,
    seen_at              timestamptz not null
);
comment on table replica is 'One row per running control-plane process.';
comment on column replica.id is 'One start of one process.';
comment on column replica.started_at is 'When it started.';
comment on column replica.seen_at is 'Its last sign of life; long past means it is gone, and so are its sessions.';
