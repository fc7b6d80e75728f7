-- Whom a change concerns, in less time with a large fleet.

-- Strict, so that it stays a function to the planner: with its thousand rows it reads agents and sessions as a whole, instead of each by
-- itself, which takes three times as long for a change that concerns all, and no longer for one that concerns few.
create function concerned_agents(asked bigint) returns table (did text, revision bigint)
language sql stable strict parallel safe rows 1000
begin atomic
    with told as (
        select c.revision, c.everyone, c.realm_ids, c.agent_dids
        from (select asked as revision
              union select e.told_revision from change_effect e where e.revision = asked and e.told_revision > asked) r
        join change c on c.revision = r.revision
    ), concerned as (
        select a.did, t.revision from told t cross join agent a where t.everyone
        union all
        select d.did, t.revision from told t cross join lateral unnest(t.agent_dids) as d (did)
        union all
        -- Of each realm the first and the last of them are enough.
        select m.did, v.revision
        from (select x.realm_id, min(t.revision) as first, max(t.revision) as last
              from told t cross join lateral unnest(t.realm_ids) as x (realm_id) group by x.realm_id) r
        join realm_agent m on m.realm_id = r.realm_id
        cross join lateral (select r.first union select r.last) as v (revision)
    )
    select c.did, max(c.revision) from concerned c group by c.did having min(c.revision) = asked;
end;
comment on function concerned_agents is
    'Agents that a revision concerns, with the newest revision that they have to have been looked at with.';

create or replace function change_agents(asked bigint) returns table (did text, state text)
language sql stable parallel safe
begin atomic
    select n.did, case
        when s.replica_id is null then 'offline'
        when s.looked_revision < n.revision then 'pending'
        when s.applied_hash = s.offered_hash then 'applied'
        when s.rejected_hash = s.offered_hash and not s.retry_asked then 'rejected'
        else 'pending' end
    from concerned_agents(asked) n join agent a on a.did = n.did and a.status = 'approved' left join agent_session s on s.did = n.did;
end;

create or replace function behind_agents() returns table (revision bigint, did text)
language sql stable parallel safe
begin atomic
    with behind as materialized (
        select s.did, coalesce(s.applied_version, s.offered_version - 1) as had, s.offered_version, s.offered_at
        from agent_session s join agent a on a.did = s.did and a.status = 'approved'
        where session_state(s) = 'behind' and s.offered_at is not null
    ), recent as materialized (
        select c.revision, c.at, c.everyone, c.realm_ids, c.agent_dids from change c
        where c.at > (select min(b.offered_at) - interval '5 minutes' from behind b)
          and c.revision > (select min(b.had) from behind b) and c.revision <= (select max(b.offered_version) from behind b)
    )
    select r.revision, b.did from recent r join behind b on r.revision > b.had and r.revision <= b.offered_version
    where r.everyone and r.at > b.offered_at - interval '5 minutes'
    union
    select r.revision, b.did from recent r cross join lateral unnest(r.agent_dids) as d (did)
    join behind b on b.did = d.did and r.revision > b.had and r.revision <= b.offered_version
    where r.at > b.offered_at - interval '5 minutes'
    union
    select r.revision, b.did from behind b join realm_agent m on m.did = b.did
    join (select r.revision, r.at, x.realm_id from recent r cross join lateral unnest(r.realm_ids) as x (realm_id)) r
        on r.realm_id = m.realm_id and r.revision > b.had and r.revision <= b.offered_version
    where r.at > b.offered_at - interval '5 minutes';
end;
