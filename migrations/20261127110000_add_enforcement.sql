-- Whether a proxy really enforces what it is told, and what follows when it does not.

alter table proxy add column enforcement_policy text not null default 'warn' check (enforcement_policy in ('warn', 'require'));
comment on column proxy.enforcement_policy is 'warn: what it fails is shown; require: nobody may use anything there until it holds.';
alter table proxy add column enforcement jsonb not null default '[]';
comment on column proxy.enforcement is 'What each check of it found last.';
alter table proxy add column enforced boolean;
comment on column proxy.enforced is 'Whether every check held when it was last told; null: not told yet.';
alter table proxy add column enforcement_at timestamptz;
comment on column proxy.enforcement_at is 'When it was last checked.';
alter table proxy add column enforcement_version text;
comment on column proxy.enforcement_version is 'The LiteLLM version that was checked.';

create function proxy_stopped(proxy uuid) returns boolean
language sql stable parallel safe
return is_frozen('proxy', proxy::text) or exists (
    select 1 from proxy p
    where p.id = proxy_stopped.proxy and p.enforcement_policy = 'require' and p.enforced is distinct from true);
comment on function proxy_stopped is 'Nobody may use anything on it: frozen, or not seen to enforce what it has to.';
