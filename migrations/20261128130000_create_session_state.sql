-- How far an agent is, as its session says: one judgement for the list of agents, the change log and the overview.

create function session_state(s agent_session) returns text
language sql immutable parallel safe
return case
    when s.replica_id is null then 'offline'
    when s.applied_hash = coalesce(s.offered_hash, s.applied_hash) then 'converged'
    when s.rejected_hash = s.offered_hash and not s.retry_asked then 'rejecting'
    else 'behind' end;
comment on function session_state is
    'offline; converged: it runs what it was offered last (or brought, when it was offered nothing); rejecting: it has refused that; behind: neither.';

create index change_at on change (at);

create function behind_agents() returns table (revision bigint, did text)
language sql stable parallel safe
begin atomic
    with behind as materialized (
        select s.did, coalesce(s.applied_version, s.offered_version - 1) as had, s.offered_version, s.offered_at
        from agent_session s join agent a on a.did = s.did and a.status = 'approved'
        where session_state(s) = 'behind' and s.offered_at is not null
    ), recent as materialized (
        select c.revision, c.at, c.everyone, c.realm_ids, c.agent_dids from change c
        where c.at > (select min(b.offered_at) - interval '5 minutes' from behind b)
    ), concerned as (
        select r.revision, r.at, b.did from recent r cross join behind b where r.everyone
        union
        select r.revision, r.at, d.did from recent r cross join lateral unnest(r.agent_dids) as d (did)
        union
        select r.revision, r.at, m.did from behind b join realm_agent m on m.did = b.did
        join (select r.revision, r.at, x.realm_id from recent r cross join lateral unnest(r.realm_ids) as x (realm_id)) r
            on r.realm_id = m.realm_id
    )
    select c.revision, c.did from concerned c join behind b on b.did = c.did
    where c.revision > b.had and c.revision <= b.offered_version and c.at > b.offered_at - interval '5 minutes';
end;
comment on function behind_agents is
    'Approved, connected agents that have not answered what they were offered, with each revision between what they had and that which concerns them. Older ones than the offer by 5 minutes had reached them without another document, or while they were away: no session outlives an unanswered document for so long.';
