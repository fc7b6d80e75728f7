-- The emergency stop: what is frozen may do nothing until it is thawed, and keeps everything that it had.

create table frozen (
    kind                 text not null check (kind in ('realm', 'agent', 'model', 'proxy')),
    object_id            text not null,
    reason               text not null,
    frozen_at            timestamptz not null,
    frozen_by            text not null,
    primary key (kind, object_id)
);
comment on table frozen is 'What an admin stopped, until it is unfrozen.';
comment on column frozen.kind is 'realm, agent, model or proxy.';
comment on column frozen.object_id is 'Its id; an agent''s DID.';
comment on column frozen.reason is 'Why, in the admin''s words; agents are told.';
comment on column frozen.frozen_at is 'Since when.';
comment on column frozen.frozen_by is 'Who did it.';

create function is_frozen(kind text, object_id text) returns boolean
language sql stable parallel safe
return exists (select 1 from frozen f where f.kind = is_frozen.kind and f.object_id = is_frozen.object_id);
