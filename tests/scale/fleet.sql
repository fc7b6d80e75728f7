-- A fleet in its middle years: what is put straight into the database beside $n times 10 realms (realm-1 ...) and 5 models that were
-- made through the API. $n times 100 agents of every state, all of them in the first realm too; 1,000 changes; and so on. Read by
-- `./dev scale` and by the test that counts the statements of each page.

-- The proxies have all of it, or so it looks: to make it all true there takes a LiteLLM minutes.
update change_effect set done_at = now() where done_at is null;
insert into applied (proxy_id, kind, object_id, external_id, generation, state, models, observed_at)
select w.proxy_id, w.kind, w.object_id, w.object_id::text, w.wanted_generation, 'applied', coalesce(d.models, g.models, '{}'), now()
from work w
left join (select d.id, array[m.litellm_model_name] as models from deployment d join model m on m.id = d.model_id) d on d.id = w.object_id
left join (select o.id, array_agg(m.litellm_model_name) as models
           from (select id, id as realm_id from realm union all select id, realm_id from realm_key) o
           join model_grant g on g.realm_id = o.realm_id join model m on m.id = g.model_id group by o.id) g on g.id = w.object_id
where w.kind <> 'revocation'
on conflict (proxy_id, kind, object_id) do update set generation = excluded.generation, state = 'applied', models = excluded.models;
delete from work;
-- Made by hand in the course of a month, not in this minute.
update change set at = at - interval '30 days';

create temporary table r as select id, substring(slug from 7)::bigint as n from realm where slug like 'realm-%';
create temporary table last as select revision, audit_seq from head for update;

insert into agent (did, name, status, created_at, updated_at)
select 'did:key:z6Mk' || md5(i::text), 'agent-' || i, case when i % 50 = 0 then 'pending' else 'approved' end,
       now() - i * interval '1 s', now() - i * interval '1 s'
from generate_series(1, 100 * $n) i;

insert into realm_agent (realm_id, did, is_primary, joined_at)
select r.id, 'did:key:z6Mk' || md5(a.i::text), r.n <> 1, now()
from generate_series(1, 100 * $n) a(i) join r on r.n = 1 or r.n = 1 + a.i % (10 * $n);

-- Four of five are connected, to a replica that nobody takes for lost; of those, one of seven is behind or refuses.
insert into replica (id, started_at, seen_at) values (md5('replica')::uuid, now(), now() + interval '1 day');
insert into agent_session (did, epoch, replica_id, connected_at, disconnected_at, last_seen_at, looked_revision, offered_version,
                           offered_hash, offered_at, applied_version, applied_hash, applied_at, rejected_version, rejected_hash, rejected_code,
                           rejected_message, rejected_at)
select 'did:key:z6Mk' || md5(i::text), 1, case when i % 5 > 0 then md5('replica')::uuid end, now(),
       case when i % 5 = 0 then now() end, now(), last.revision + 1000 * $n, last.revision + 1000 * $n, 'b', now(), last.revision + 990 * $n, case when i % 7 = 0 then 'a' else 'b' end, now(),
       case when i % 70 = 1 then last.revision + 1000 * $n end, case when i % 70 = 1 then 'b' end, case when i % 70 = 1 then 'unusable' end,
       case when i % 70 = 1 then 'the file cannot be written' end, case when i % 70 = 1 then now() end
from generate_series(1, 100 * $n) i cross join last;

-- The last fifty changes are still on their way.
insert into change (revision, at, kind, actor, realm_ids, everyone, summary)
select last.revision + i, now() - (1000 * $n - i) * interval '10 s',
       (array['grant', 'revoke', 'model.update', 'realm.update', 'agent.approve'])[1 + i % 5], 'person:' || (i % 20),
       case when i % 5 < 2 then array[r.id] else '{}' end, i % 1000 = 0, '{}'
from last cross join generate_series(1, 1000 * $n) i join r on r.n = 1 + i % (10 * $n);
insert into change_effect (revision, proxy_id, kind, object_id, done_at)
select c.revision, p.id, 'team', c.realm_ids[1], case when c.revision < last.revision + 1000 * $n - 50 then now() end
from last join change c on c.revision > last.revision cross join proxy p where c.realm_ids <> '{}';
insert into audit (seq, at, actor, action, subject, prev_hash, hash, revision)
select last.audit_seq + c.revision - last.revision, at, actor, kind, 'realm/' || coalesce(realm_ids[1]::text, ''), '',
       md5(c.revision::text), c.revision
from last join change c on c.revision > last.revision;
update head set revision = head.revision + 1000 * $n, audit_seq = head.audit_seq + 1000 * $n, audit_hash = md5((head.revision + 1000 * $n)::text);

insert into drift (proxy_id, kind, external_id, class, name, found_at)
select p.id, 'key', 'x' || i, 'extra', 'unknown-' || i, now() from proxy p cross join generate_series(1, 5 * $n) i;

insert into enrollment_token (id, token_hash, fingerprint, realm_ids, max_uses, expires_at, created_at, created_by)
select md5('enroll' || n)::uuid, 'h' || n, 'e' || n, array[id], 10, now() + interval '1 day', now(), 'admin' from r;
insert into api_token (id, name, token_hash, fingerprint, role, expires_at, created_at, created_by)
select md5('api' || i)::uuid, 'ci-' || i, 'h' || i, 't' || i, 'auditor', now() + interval '30 days', now(), 'admin'
from generate_series(1, 10 * $n) i;
insert into person (id, email, name, created_at, created_by, updated_at)
select md5('person' || i)::uuid, 'person-' || i || '@example.com', 'Person ' || i, now(), 'admin', now() from generate_series(1, 10 * $n) i;
insert into person_role (person_id, role) select md5('person' || i)::uuid, 'operator' from generate_series(1, 10 * $n) i;
insert into workload_rule (id, name, issuer, audience, claims, role, lifetime_seconds, created_at, created_by, updated_at)
select md5('rule' || i)::uuid, 'rule-' || i, 'https://gitlab.example.com', 'reeve', '{"project_path": "acme/agents"}', 'auditor', 600, now(),
       'admin', now()
from generate_series(1, $n) i;
insert into frozen (kind, object_id, reason, frozen_at, frozen_by)
select 'realm', id::text, 'Budget review', now(), 'admin' from r where n % 10 = 0;

drop table r, last;
