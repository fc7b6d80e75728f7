// What can be done with a person: edit, a new link, see and end the sessions, lock out, delete.

import { ActionIcon, Stack, Text, Tooltip } from '@mantine/core';
import { IconLink, IconLock, IconLogout, IconPencil, IconTrash, IconUserCheck, IconUserOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch } from '../../api/client';
import { useCan, useMe } from '../../api/me';
import { Problem } from '../../api/problem';
import type { InvitedPerson, PersonView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { AtOpening } from '../../components/AtOpening';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { count, listed } from '../models/naming';
import { EditPerson } from './PersonForms';
import { allTokensQuery, useMayGive } from './queries';
import { SessionsOf } from './SessionsOf';

type Dialog = 'edit' | 'link' | 'sessions' | 'disable' | 'enable' | 'delete';
interface Props {
  person: PersonView;
  onInvited: (person: InvitedPerson) => void;
}

export function PersonActions({ person, onInvited }: Props) {
  const mayGive = useMayGive();
  const done = useDone();
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const { name } = person;
  const path = { id: person.id };
  const params = { path, header: ifMatch(person.version) };
  if (!person.roles.every((at) => mayGive.role(at.role, at.realmId))) {
    const why = `${name} has more than you. Only who has as much can change that.`;
    return (
      <Tooltip label={why} multiline maw={280}>
        <ActionIcon variant="transparent" color="gray" aria-label={why} aria-disabled><IconLock size={15} aria-hidden /></ActionIcon>
      </Tooltip>
    );
  }
  const disable = async (disabled: boolean) => {
    await ask(api.PATCH('/api/people/{id}', { params, body: { disabled } }));
    done(disabled ? `${name} is disabled` : `${name} may sign in again`, undefined, 'access', 'audit', 'me');
  };
  const link = async () => {
    onInvited(await ask(api.POST('/api/people/{id}/invite', { params: { path } })));
    done(`Made a link for ${name}`, undefined, 'access', 'audit');
  };
  const endSessions = async () => {
    const { ended } = await ask(api.DELETE('/api/people/{id}/sessions', { params: { path } }));
    done(ended === 0 ? `${name} had no session` : `Ended ${count(ended, 'session')} of ${name}`, undefined, 'access', 'audit', 'me');
  };
  const remove = async () => {
    await ask(api.DELETE('/api/people/{id}', { params }));
    done(`Deleted ${name}`, undefined, 'access', 'audit', 'me');
  };
  const disabled = Boolean(person.disabledAt);
  return (
    <>
      <ActionMenu
        of={name}
        actions={[
          { label: 'Edit name and roles', icon: IconPencil, run: () => setDialog('edit') },
          !disabled && { label: 'New link for a password', icon: IconLink, run: () => setDialog('link') },
          !disabled && { label: 'Sessions', icon: IconLogout, run: () => setDialog('sessions') },
          disabled ? { label: 'Enable', icon: IconUserCheck, run: () => setDialog('enable') } : { label: 'Disable', icon: IconUserOff, run: () => setDialog('disable') },
          { label: 'Delete', icon: IconTrash, bad: true, run: () => setDialog('delete') },
        ]}
      />
      <AtOpening opened={dialog === 'edit'} value={person} version={person.version}>{(person) => <EditPerson person={person} opened={dialog === 'edit'} onClose={close} />}</AtOpening>
      <Confirm opened={dialog === 'link'} onClose={close} title={`New link for ${name}?`} action="Make the link" harmless run={link}>
        They set a password with it. A link that they were given before counts no more.
        {person.passwordSet && ' Their present password counts until they have set the new one.'}
      </Confirm>
      <Confirm opened={dialog === 'sessions'} onClose={close} title={`Sessions of ${name}`} action="End all" run={endSessions}>
        <Stack gap="xs">
          <SessionsOf person={person} />
          <Text size="sm">To end them signs {name} out of each of them now. They may sign in again. <Self person={person} /></Text>
        </Stack>
      </Confirm>
      <Confirm opened={dialog === 'disable'} onClose={close} title={`Disable ${name}?`} action="Disable" run={() => disable(true)}>
        <Stack gap="xs">
          <Text size="sm">{name} is signed out now and cannot sign in. Roles stay, so it can be undone. <Self person={person} /></Text>
          <TokensLeft person={person} />
        </Stack>
      </Confirm>
      <Confirm opened={dialog === 'enable'} onClose={close} title={`Enable ${name}?`} action="Enable" harmless run={() => disable(false)}>
        {name} may sign in again and has the same roles as before.
      </Confirm>
      <Confirm opened={dialog === 'delete'} onClose={close} title={`Delete ${name}?`} action="Delete" name={person.email} run={remove}>
        <Stack gap="xs">
          <Text size="sm">{name} is signed out now, and account and roles are gone. What they did stays in the audit. This cannot be undone. <Self person={person} /></Text>
          <TokensLeft person={person} />
        </Stack>
      </Confirm>
    </>
  );
}

function Self({ person }: { person: PersonView }) {
  const me = useMe();
  return me.person?.id === person.id ? <b>This is you.</b> : null;
}

/** Tokens outlive who made them. */
function TokensLeft({ person }: { person: PersonView }) {
  const can = useCan();
  const tokens = useQuery({ ...allTokensQuery, enabled: can('tokens:read') });
  if (!can('tokens:read')) return <Text size="sm">API tokens that they made go on.</Text>;
  if (!tokens.data && tokens.error) return <Text size="sm">API tokens that they made go on; which those are could not be read: {Problem.from(tokens.error).message}.</Text>;
  if (!tokens.data) return <Text size="sm" c="dimmed" role="status">Looking for API tokens that they made…</Text>;
  const left = tokens.data.filter((t) => t.state === 'active' && t.createdBy === `person:${person.email}`);
  if (left.length === 0) return <Text size="sm">They made no API token that still counts.</Text>;
  return (
    <Text size="sm">
      {count(left.length, 'API token')} that they made {left.length === 1 ? 'goes' : 'go'} on: {listed(left.map((t) => t.name))}. Revoke{' '}
      {left.length === 1 ? 'it' : 'them'} under API tokens, if nothing needs {left.length === 1 ? 'it' : 'them'}.
    </Text>
  );
}
