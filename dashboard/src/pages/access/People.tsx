// The people who sign in: what each may do, and whether they can.

import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan, useMe } from '../../api/me';
import type { InvitedPerson, PersonView } from '../../api/schema';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { Named } from './cells';
import { LinkShown } from './LinkShown';
import { PersonActions } from './PersonActions';
import { InvitePerson } from './PersonForms';
import { providersQuery, useRealms } from './queries';
import { Roles, rolesText } from './Rights';

export function People() {
  const can = useCan();
  const me = useMe();
  const [inviting, invite] = useDisclosure();
  // Here and nowhere else, until the dialog is closed.
  const [invited, setInvited] = useState<InvitedPerson>();
  const { nameOf } = useRealms();
  const providers = useQuery({ ...providersQuery, enabled: can('access:read') }).data;
  const providerOf = (id: string) => providers?.find((p) => p.id === id)?.name;
  const writes = can('people:write');
  const button = writes && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={invite.open}>Invite somebody</Button>;
  const columns: Column<PersonView>[] = [
    {
      label: 'Person',
      sort: 'name',
      text: (p) => p.name,
      cell: (p) => (
        <Named
          name={<>{p.name}{p.id === me.person?.id && <Text span inherit fw={400} c="dimmed"> (you)</Text>}</>} detail={p.name !== p.email && p.email}
          small={rolesText(p.roles, nameOf) || 'no role'}
        />
      ),
    },
    { label: 'Email', fileOnly: true, text: (p) => p.email, cell: (p) => p.email },
    { label: 'Roles', from: 'sm', sort: 'roles', text: (p) => rolesText(p.roles, nameOf), cell: (p) => <Roles roles={p.roles} nameOf={nameOf} providerOf={providerOf} /> },
    { label: 'State', sort: 'state', text: (p) => stateOf(p).label, cell: (p) => <Status {...stateOf(p)} /> },
    { label: 'Last sign-in', from: 'md', sort: 'seen', text: (p) => p.lastLoginAt, cell: (p) => <Time at={p.lastLoginAt} none="never" /> },
    { label: 'Added', from: 'lg', sort: 'added', text: (p) => p.createdAt, cell: (p) => <Time at={p.createdAt} /> },
    { label: 'Actions', right: true, cell: (p) => writes && <PersonActions person={p} onInvited={setInvited} /> },
  ];
  return (
    <Panel flush title="People" lead="Who signs in here. What they may do changes with their next request." actions={button}>
      <DataTable
        name="People" whole search="Name, email or role" queryKey={['access', 'people']} columns={columns} rowKey={(p) => p.id}
        load={({ limit, cursor }) => ask(api.GET('/api/people', { params: { query: { limit, cursor } } }))}
        empty={
          <Empty icon={IconUsers} title="Nobody yet" action={button}>
            Invite somebody: they get a link with which they set a password. Or let them sign in at an identity provider.
          </Empty>
        }
      />
      <InvitePerson opened={inviting} onClose={invite.close} onInvited={setInvited} />
      <LinkShown invited={invited} onClose={() => setInvited(undefined)} />
    </Panel>
  );
}

function stateOf(p: PersonView): { state: string; label: string; why?: string } {
  if (p.disabledAt) return { state: 'disabled', label: 'Disabled', why: 'Cannot sign in.' };
  if (!p.passwordSet && !p.lastLoginAt) return { state: 'pending', label: 'Invited', why: 'Has set no password and never signed in.' };
  return { state: 'active', label: 'Active' };
}
