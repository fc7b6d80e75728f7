-- The last hour of the console's first page: what each replica pushed and asked of proxies, by the minute.

create table pulse (
    minute               timestamptz not null,
    replica_id           uuid not null,
    latency              integer[] not null,
    calls                integer not null,
    failed_calls         integer not null,
    primary key (minute, replica_id)
);
comment on table pulse is 'What replicas did, by the minute; minutes in which one did nothing have no row. Kept for a day.';
comment on column pulse.minute is 'When the minute began.';
comment on column pulse.replica_id is 'Who did it.';
comment on column pulse.latency is 'Documents that agents answered, by how long that took: one count for each bucket of base/pulse.rs.';
comment on column pulse.calls is 'Calls that change something on a proxy.';
comment on column pulse.failed_calls is 'Those of them that did not succeed.';
