-- A repeat is told the revision of the first request, so that a script whose answer was lost can still wait for it.

alter table idempotency add column revision bigint;
comment on column idempotency.revision is 'The revision that the first request made; null when it made none.';
