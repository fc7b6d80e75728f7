-- What is not ours on a proxy can be taken over.

alter table drift add column found jsonb;
comment on column drift.found is
    'Of a foreign deployment or key: what taking it over needs to know (domain/foreign.rs). No secret is in it.';

alter table applied add column adopting boolean not null default false;
comment on column applied.adopting is
    'A foreign object that an admin had taken over, and that does not have our mark yet: it is changed although it is foreign.';

alter table realm_key drop constraint realm_key_state_check;
alter table realm_key add constraint realm_key_state_check check (state in ('current', 'retiring', 'adopted', 'closing'));
comment on column realm_key.state is
    'current: delivered to agents; retiring: still valid until they have the next one; adopted: somebody outside has it, and it has the realm''s rights until it is removed; closing: blocked, until every proxy was proven to refuse it.';
