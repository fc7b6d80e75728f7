-- People who sign in, what they hold, their sessions, and the links with which they set a password.

create table person (
    id                   uuid primary key,
    email                text not null unique,
    name                 text not null,
    password_hash        text,
    disabled_at          timestamptz,
    last_login_at        timestamptz,
    version              bigint not null default 1,
    created_at           timestamptz not null,
    created_by           text not null,
    updated_at           timestamptz not null,
    check (email = lower(email))
);
comment on table person is 'People who sign in.';
comment on column person.id is 'Id of the person.';
comment on column person.email is 'How they sign in and what the audit calls them, in lower case.';
comment on column person.name is 'How they are shown.';
comment on column person.password_hash is 'Argon2id in PHC form; null when they have not set one.';
comment on column person.disabled_at is 'When they were locked out; their sessions count no more.';
comment on column person.last_login_at is 'When they signed in last.';
comment on column person.version is 'The ETag.';
comment on column person.created_at is 'When they were added.';
comment on column person.created_by is 'Who added them.';
comment on column person.updated_at is 'When what people decided of them changed last.';

create table person_role (
    person_id            uuid not null references person (id) on delete cascade,
    role                 text not null,
    realm_id             uuid references realm (id) on delete cascade
);
create unique index person_role_once on person_role (person_id, role, coalesce(realm_id, '00000000-0000-0000-0000-000000000000'));
comment on table person_role is 'What people hold.';
comment on column person_role.person_id is 'Whose it is.';
comment on column person_role.role is 'A named set of permissions.';
comment on column person_role.realm_id is 'Where; null: everywhere.';

create table person_session (
    id                   uuid primary key,
    person_id            uuid not null references person (id) on delete cascade,
    token_hash           text not null unique,
    address              text,
    user_agent           text not null,
    created_at           timestamptz not null,
    last_seen_at         timestamptz not null,
    expires_at           timestamptz not null,
    ended_at             timestamptz
);
create index person_session_person on person_session (person_id, created_at);
comment on table person_session is 'Sessions of people; kept a while after their end, so that an address they came from is known.';
comment on column person_session.id is 'Id of the session.';
comment on column person_session.person_id is 'Whose it is.';
comment on column person_session.token_hash is 'SHA-256 (hex) of the secret in the cookie.';
comment on column person_session.address is 'From where it was opened.';
comment on column person_session.user_agent is 'The browser or program, as it said.';
comment on column person_session.created_at is 'When it was opened.';
comment on column person_session.last_seen_at is 'When it was used last, to a minute.';
comment on column person_session.expires_at is 'When it ends, however much it is used.';
comment on column person_session.ended_at is 'When it was ended by hand.';

create table sign_in_link (
    token_hash           text primary key,
    person_id            uuid unique references person (id) on delete cascade,
    expires_at           timestamptz not null
);
create unique index sign_in_link_first on sign_in_link ((person_id is null)) where person_id is null;
comment on table sign_in_link is 'One-time links with which a person sets a password; used, the row goes.';
comment on column sign_in_link.token_hash is 'SHA-256 (hex) of the secret in the link.';
comment on column sign_in_link.person_id is 'Whose it is; null: it makes the first owner.';
comment on column sign_in_link.expires_at is 'When it ends.';

create table login_failure (
    at                   timestamptz not null,
    person_id            uuid references person (id) on delete cascade,
    network              text not null
);
create index login_failure_network on login_failure (network, at);
create index login_failure_person on login_failure (person_id, at);
comment on table login_failure is 'Failed sign-ins of the last quarter of an hour, to throttle the next.';
comment on column login_failure.at is 'When.';
comment on column login_failure.person_id is 'Whose password was wrong; null: there is nobody of that name.';
comment on column login_failure.network is 'From where: an IPv4 address, or the first half of an IPv6 address.';
