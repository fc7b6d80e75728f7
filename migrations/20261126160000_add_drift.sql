-- What the last full scan of a proxy found that is not as the registry has it, and the state in which nothing is done about it.

create table drift (
    proxy_id             uuid not null references proxy (id) on delete cascade,
    kind                 text not null check (kind in ('deployment', 'team', 'key')),
    external_id          text not null,
    class                text not null
                         check (class in ('missing', 'changed', 'extra', 'duplicate', 'foreign', 'shadowed', 'not-live')),
    name                 text not null,
    object_id            uuid,
    fields               text[] not null default '{}',
    found_at             timestamptz not null,
    primary key (proxy_id, kind, external_id)
);
comment on table drift is 'Differences between a proxy and the registry, as of the last full scan.';
comment on column drift.proxy_id is 'The proxy.';
comment on column drift.kind is 'deployment, team or key.';
comment on column drift.external_id is 'Its name there: model_info.id, team_id, or the key''s SHA-256.';
comment on column drift.class is 'What is different; domain/drift.rs says what each word means.';
comment on column drift.name is 'What people call it there: model name or alias; empty when it has none.';
comment on column drift.object_id is 'Deployment, realm or key id, when it is ours.';
comment on column drift.fields is 'What was changed, when that can be told.';
comment on column drift.found_at is 'When a scan first found it so.';

alter table head add column ahead bigint;
comment on column head.ahead is
    'Set in observe mode: the newest revision that a proxy was seen to have and this registry does not, as after a restored backup.';
alter table head add column ahead_since timestamptz;
comment on column head.ahead_since is 'Since when.';
