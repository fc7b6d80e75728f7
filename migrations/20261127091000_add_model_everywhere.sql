-- A model is placed where a realm that holds a grant on it is served, or everywhere.

alter table model add column everywhere boolean not null default false;
comment on column model.everywhere is 'On every proxy; else where a realm with a grant on it is served.';
-- What is on proxies already stays there.
update model set everywhere = true;

create function model_placed(model uuid, proxy_name text, proxy_labels jsonb) returns boolean
language sql stable parallel safe
return exists (
    select 1 from model m where m.id = model_placed.model and m.status = 'active' and (m.everywhere or exists (
        select 1 from model_grant g join realm r on r.id = g.realm_id
        where g.model_id = m.id and g.revoked_at is null
          and placement_rank(r.placement, proxy_name, proxy_labels) is not null)));
