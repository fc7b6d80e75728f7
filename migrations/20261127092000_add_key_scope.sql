-- Keys of single agents, and keys that are renewed by their age.

alter table realm add column key_scope text not null default 'realm' check (key_scope in ('realm', 'agent'));
comment on column realm.key_scope is 'realm: its agents share one virtual key; agent: each has its own, under the same team.';
alter table realm add column key_max_age_days integer check (key_max_age_days between 1 and 3650);
comment on column realm.key_max_age_days is 'A key older than this is replaced by itself; null: never.';
alter table realm add column key_generation bigint not null default 0;
comment on column realm.key_generation is 'The newest generation ever made; agents say it back, so it never counts down.';
update realm r set key_generation = coalesce((select max(generation) from realm_key k where k.realm_id = r.id), 0);

alter table realm_key add column did text;
comment on column realm_key.did is 'Whose own key it is; null: all agents of the realm share it. The agent may be gone while it is closing.';
drop index realm_key_current;
create unique index realm_key_current on realm_key (realm_id, coalesce(did, '')) where state = 'current';
