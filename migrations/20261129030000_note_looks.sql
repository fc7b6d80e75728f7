-- How far the agents of a change are, from rows alone: the relay says up to which revision it has found out what an agent should
-- have, and a receipt knows with which revisions agents learn what proxies did for it.

alter table agent_session add column looked_revision bigint not null default 0;
comment on column agent_session.looked_revision is
    'Revision of the snapshot in which the relay last found what the agent should have; that is offered_hash.';

alter table change_effect add column told_revision bigint;
comment on column change_effect.told_revision is
    'Revision with which agents learn that it is done; null before, and where it never made a difference to them.';

alter table applied add column told_revision bigint;
comment on column applied.told_revision is
    'Revision with which agents learned of what they may use here: a run may make more true than what it was started for.';

create function change_agents(asked bigint) returns table (did text, state text)
language sql stable parallel safe
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
        cross join lateral (values (r.first), (r.last)) as v (revision)
    ), needed as (
        select c.did, max(c.revision) as revision from concerned c group by c.did having min(c.revision) = asked
    )
    select n.did, case
        when s.replica_id is null then 'offline'
        when s.looked_revision < n.revision then 'pending'
        when s.applied_hash = s.offered_hash then 'applied'
        when s.rejected_hash = s.offered_hash and not s.retry_asked then 'rejected'
        else 'pending' end
    from needed n join agent a on a.did = n.did and a.status = 'approved' left join agent_session s on s.did = n.did;
end;
comment on function change_agents is
    'Approved agents that a revision concerns, and how far they are: offline, pending, applied or rejected.';
