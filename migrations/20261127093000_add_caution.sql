-- What a scan does not act on at once: a proxy that was wiped, and many objects to be removed.

alter table proxy add column wiped_since timestamptz;
comment on column proxy.wiped_since is
    'Since when most of what we made there is missing; it is made again when a scan a minute later says the same.';
alter table proxy add column prune_held bigint not null default 0;
comment on column proxy.prune_held is 'Objects of ours that the registry does not know, too many to be removed without being asked for.';
alter table proxy add column prune_allowed boolean not null default false;
comment on column proxy.prune_allowed is 'An admin said that the next scan may remove them.';

alter table applied add column spend double precision not null default 0;
comment on column applied.spend is 'US dollars since its last reset, as a scan last saw it (team, key).';
alter table applied add column spend_resets_at timestamptz;
comment on column applied.spend_resets_at is 'When that starts again at zero; null: never.';
