-- One scan of a proxy at a time: one that takes longer than the time between two was joined by the next one, and each made the
-- proxy slower for the others.

alter table proxy add column scan_lease_token uuid, add column scan_lease_expires_at timestamptz;
comment on column proxy.scan_lease_token is 'The scan that runs; null when none does.';
comment on column proxy.scan_lease_expires_at is 'No other scan begins before; moved on while the scan runs.';
