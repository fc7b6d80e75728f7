-- A generation that nobody needs any more is blocked and proven refused before it is forgotten.

alter table realm_key drop constraint realm_key_state_check;
alter table realm_key add constraint realm_key_state_check check (state in ('current', 'retiring', 'closing'));
alter table realm_key add column closing_revision bigint;
comment on column realm_key.state is
    'current: delivered to agents; retiring: still valid until they have the next one; closing: blocked, until every proxy was proven to refuse it.';
comment on column realm_key.closing_revision is 'The revision that blocked it.';

alter table revocation add column key_id uuid;
comment on table revocation is 'A right, or a whole key, that was taken away and is to be refused. It outlives model and realm.';
comment on column revocation.id is 'The grant that ended, or the key.';
comment on column revocation.key_id is 'Set when one generation of the key is to be refused, whatever it asks for.';
