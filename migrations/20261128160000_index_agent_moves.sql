-- For the feed of events: which agents moved since its last look. `last_seen_at` is no part of it, so a heartbeat stays a
-- write that touches no index.

create index agent_session_moved on agent_session
    (greatest(connected_at, disconnected_at, offered_at, applied_at, rejected_at));
create index agent_updated on agent (updated_at);
