-- A right that was taken away counts as gone when each proxy has refused it, for longer than its instances may go on
-- serving what they hold in memory.

alter table proxy add column cache_lag_seconds integer not null default 60 check (cache_lag_seconds between 0 and 3600);
comment on column proxy.cache_lag_seconds is 'How long its instances may serve what was taken away (LiteLLM: 60 s).';

alter table work drop constraint work_kind_check;
alter table work add constraint work_kind_check check (kind in ('deployment', 'team', 'key', 'revocation'));
comment on column work.kind is 'deployment, team, key or revocation.';
comment on column change_effect.kind is 'deployment, team, key or revocation.';

create table revocation (
    id                   uuid primary key,
    realm_id             uuid not null,
    model_name           text not null,
    began_at             timestamptz not null
);
comment on table revocation is 'A right that was taken away and is to be refused. It outlives model and realm.';
comment on column revocation.id is 'The grant that ended.';
comment on column revocation.realm_id is 'Who lost it.';
comment on column revocation.model_name is 'What: the name on the proxies.';
comment on column revocation.began_at is 'When it was taken away.';
create index revocation_began on revocation (began_at);

create table evidence (
    revocation_id        uuid not null references revocation on delete cascade,
    proxy_id             uuid not null,
    key_generation       bigint not null,
    at                   timestamptz not null,
    answer               text not null check (answer in ('refused', 'allowed')),
    status               integer not null,
    primary key (revocation_id, proxy_id, key_generation, at)
);
comment on table evidence is 'What a proxy answered when it was asked with the old right.';
comment on column evidence.revocation_id is 'Which right.';
comment on column evidence.proxy_id is 'Who answered.';
comment on column evidence.key_generation is 'Generation of the virtual key that asked.';
comment on column evidence.at is 'When it answered.';
comment on column evidence.answer is 'What that says about the right.';
comment on column evidence.status is 'Its HTTP status.';
