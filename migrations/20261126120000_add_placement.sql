-- Which proxies serve a realm, and which of them agents are sent to.

alter table realm add column placement jsonb not null default '[]';
comment on column realm.placement is
    'Selectors of proxies, best first: each an object of labels that a proxy has, its name as the label "name". Empty: every proxy.';

alter table proxy add column state text not null default 'active' check (state in ('active', 'draining', 'disabled'));
comment on column proxy.state is
    'active; draining: agents are sent elsewhere, what is on it stays in step; disabled: everything of ours is taken off it.';
alter table proxy add column avoided boolean not null default false;
comment on column proxy.avoided is 'It did not answer for so long that agents are sent elsewhere while another proxy serves them.';
alter table proxy add column serves boolean not null generated always as (not deleting and state <> 'disabled') stored;
comment on column proxy.serves is 'Whether anything of ours belongs on it.';

-- The first selector that chooses the proxy, from 1; null: none does.
create function placement_rank(placement jsonb, name text, labels jsonb) returns bigint
language sql immutable parallel safe
return case when placement = '[]' then 1 else (
    select min(s.rank) from jsonb_array_elements(placement) with ordinality as s (selector, rank)
    where labels || jsonb_build_object('name', name) @> s.selector) end;
