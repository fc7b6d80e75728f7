-- The keys of a realm that is removed stay, closing, until every proxy was proven to refuse them: nobody else could ask.

alter table realm_key drop constraint realm_key_realm_id_fkey;
comment on column realm_key.realm_id is 'Whose key; the realm may be gone while the key is closing.';
comment on column revocation.id is 'The grant that ended, the key, or an id of its own where a model that stays granted was set inactive.';
