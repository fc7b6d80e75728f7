// OpenID Connect providers that people sign in with, and what their groups give here.

import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconId, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { RegisteredProvider } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { Copy } from '../../components/Copy';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { ProblemAlert } from '../../components/Problem';
import { useDone } from '../../components/useDone';
import { count, listed } from '../models/naming';
import { Named } from './cells';
import { ProviderForm } from './ProviderForm';
import { allPeopleQuery, useRealms } from './queries';
import { roleText } from './Rights';

export function IdentityProviders() {
  const can = useCan();
  const [adding, add] = useDisclosure();
  const [edited, setEdited] = useState<RegisteredProvider>();
  const [removed, setRemoved] = useState<RegisteredProvider>();
  const { nameOf } = useRealms();
  const writes = can('access:write');
  const button = writes && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={add.open}>Add a provider</Button>;
  const gives = (p: RegisteredProvider) => p.groupRoles.map((g) => `${g.group}: ${roleText(g, nameOf)}`);
  const columns: Column<RegisteredProvider>[] = [
    {
      label: 'Provider',
      sort: 'name',
      text: (p) => p.name,
      cell: (p) => <Named name={p.name} detail={p.issuer} />,
    },
    { label: 'Client id', from: 'lg', text: (p) => p.clientId, cell: (p) => <Text span inherit ff="monospace" fz={13} style={{ overflowWrap: 'anywhere' }}>{p.clientId}</Text> },
    {
      label: 'Groups give',
      from: 'sm',
      text: (p) => gives(p).join(', '),
      cell: (p) => (
        p.groupRoles.length === 0
          ? <Text span inherit c="dimmed">nothing: who signs in has no role by it</Text>
          : <Stack gap={2}>{gives(p).map((line) => <Text key={line} span inherit>{line}</Text>)}</Stack>
      ),
    },
    { label: 'Email', from: 'md', text: (p) => (p.trustsEmail ? 'trusted' : 'not trusted'), cell: (p) => (p.trustsEmail ? 'trusted' : 'not trusted') },
    { label: 'Callback URL', from: 'md', text: (p) => p.callbackUrl, cell: (p) => <Copy text={p.callbackUrl} shown={`…/oidc/${p.name}/callback`} label={`Copy the callback URL of ${p.name}`} /> },
    {
      label: 'Actions',
      right: true,
      cell: (p) => writes && (
        <ActionMenu
          of={p.name}
          actions={[
            { label: 'Edit', icon: IconPencil, run: () => setEdited(p) },
            { label: 'Delete', icon: IconTrash, bad: true, run: () => setRemoved(p) },
          ]}
        />
      ),
    },
  ];
  return (
    <Panel flush title="Identity providers" lead="People sign in there, and their groups give them roles here, renewed at every sign-in." actions={button}>
      <DataTable
        name="Identity providers" whole search="Name, issuer or group" queryKey={['access', 'identity-providers']} columns={columns} rowKey={(p) => p.id}
        load={() => ask(api.GET('/api/identity-providers'))}
        empty={
          <Empty icon={IconId} title="No providers yet" action={button}>
            With an OpenID Connect provider, people need no password here, and who leaves your company cannot sign in any more.
          </Empty>
        }
      />
      <ProviderForm opened={adding} onClose={add.close} />
      {edited && <ProviderForm key={edited.id} opened onClose={() => setEdited(undefined)} provider={edited} />}
      {removed && <DeleteProvider provider={removed} onClose={() => setRemoved(undefined)} />}
    </Panel>
  );
}

function DeleteProvider({ provider, onClose }: { provider: RegisteredProvider; onClose: () => void }) {
  const can = useCan();
  const done = useDone();
  const people = useQuery({ ...allPeopleQuery, enabled: can('people:read') });
  const holders = people.data?.filter((p) => p.roles.some((at) => at.providerId === provider.id));
  return (
    <Confirm
      opened onClose={onClose} title={`Delete ${provider.name}?`} action="Delete" name={provider.name}
      run={async () => {
        await ask(api.DELETE('/api/identity-providers/{id}', { params: { path: { id: provider.id }, header: ifMatch(provider.version) } }));
        done(`Deleted the provider ${provider.name}`, undefined, 'access', 'audit', 'me');
      }}
    >
      <Stack gap="xs">
        <Text size="sm">Nobody can sign in with it any more, and what its groups gave is gone. Its people stay; who has no password needs a link for one.</Text>
        {people.error && !holders && <ProblemAlert error={people.error} />}
        {people.isLoading && <Text size="sm" c="dimmed" role="status">Looking who has roles by it…</Text>}
        {holders && (
          <Text size="sm">
            {holders.length === 0 ? 'Nobody has a role by it.' : `${count(holders.length, 'person', 'people')} ${holders.length === 1 ? 'loses' : 'lose'} roles: ${listed(holders.slice(0, 8).map((p) => p.name))}${holders.length > 8 ? ' and others' : ''}.`}
          </Text>
        )}
      </Stack>
    </Confirm>
  );
}
