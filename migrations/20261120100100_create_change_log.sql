-- The change log (truth for push and receipts) and the audit chain.

create table change (
    revision             bigint primary key,
    at                   timestamptz not null,
    kind                 text not null,
    actor                text not null,
    request_id           text,
    realm_ids            uuid[] not null default '{}',
    agent_dids           text[] not null default '{}',
    everyone             boolean not null default false,
    urgent               boolean not null default false,
    summary              jsonb not null default '{}'
);
comment on table change is 'The change log: one row per revision.';
comment on column change.revision is 'The global, gapless, never decreasing number.';
comment on column change.at is 'When it was made.';
comment on column change.kind is 'What it was, such as grant, revoke, model.create, proxy.applied.';
comment on column change.actor is 'Who made it.';
comment on column change.request_id is 'The HTTP request that made it.';
comment on column change.realm_ids is 'Realms whose agents may see a new document.';
comment on column change.agent_dids is 'Agents that may see a new document.';
comment on column change.everyone is 'Every agent may see a new document.';
comment on column change.urgent is 'A right was taken away: push without debounce.';
comment on column change.summary is 'What changed, for the receipt; never a secret.';

create table change_effect (
    revision             bigint not null references change (revision),
    proxy_id             uuid not null,
    kind                 text not null,
    object_id            uuid not null,
    done_at              timestamptz,
    primary key (revision, proxy_id, kind, object_id)
);
create index change_effect_open on change_effect (proxy_id, kind, object_id, revision) where done_at is null;
comment on table change_effect is 'What a revision asked of each proxy: the receipt.';
comment on column change_effect.revision is 'The revision that asked.';
comment on column change_effect.proxy_id is 'The proxy asked; no foreign key, a receipt outlives its proxy.';
comment on column change_effect.kind is 'deployment, team or key.';
comment on column change_effect.object_id is 'Deployment, realm or key id.';
comment on column change_effect.done_at is 'When the proxy was made to match this or a later revision.';

create table audit (
    seq                  bigint primary key,
    at                   timestamptz not null,
    actor                text not null,
    action               text not null,
    subject              text not null,
    before               jsonb,
    after                jsonb,
    request_id           text,
    revision             bigint,
    prev_hash            text not null,
    hash                 text not null
);
create index audit_subject on audit (subject, seq);
comment on table audit is 'Who changed what: written in the transaction of the change, hash-chained, redacted by type.';
comment on column audit.seq is 'Gapless number in the order of commits.';
comment on column audit.at is 'When.';
comment on column audit.actor is 'Who.';
comment on column audit.action is 'What was done, such as model.create.';
comment on column audit.subject is 'What it was done to, such as model/<id>.';
comment on column audit.before is 'The state before, without secrets.';
comment on column audit.after is 'The state after, without secrets.';
comment on column audit.request_id is 'The HTTP request that did it.';
comment on column audit.revision is 'The revision it made, if it changed configuration.';
comment on column audit.prev_hash is 'Hash of the row before.';
comment on column audit.hash is 'SHA-256 (hex) over prev_hash and this row''s content.';

create table idempotency (
    key                  text not null,
    actor                text not null,
    fingerprint          text not null,
    status               integer not null,
    location             text not null,
    at                   timestamptz not null,
    primary key (actor, key)
);
comment on table idempotency is 'Answered POSTs, so that a repeat is answered again and not done again.';
comment on column idempotency.key is 'The Idempotency-Key header.';
comment on column idempotency.actor is 'Whose key it is.';
comment on column idempotency.fingerprint is 'SHA-256 (hex) over method, path and body of the first request.';
comment on column idempotency.status is 'HTTP status of the first answer.';
comment on column idempotency.location is 'API path of the thing made, read again for a repeat.';
comment on column idempotency.at is 'When it was first answered; rows older than a day go.';
