// Provider keys that models share: which there are, who calls with each, and their replacement.

import { Anchor, Button, Group, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { CredentialView, SyncedModelView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { count, providerLabel } from '../models/naming';
import { allModelsQuery } from '../models/queries';
import { AddCredential } from './AddCredential';
import { DeleteCredential } from './DeleteCredential';
import { ReplaceKey } from './ReplaceKey';

export function Credentials() {
  const can = useCan();
  const [adding, add] = useDisclosure();
  const [replaced, setReplaced] = useState<CredentialView>();
  const [removed, setRemoved] = useState<CredentialView>();
  const models = useQuery({ ...allModelsQuery, enabled: can('models:read') });
  const settled = models.isFetched || !can('models:read');
  const users = (c?: CredentialView) => models.data?.filter((m) => m.deployments.some((d) => d.credentialId === c?.id));
  const writes = can('credentials:write');
  const button = writes && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>Add credential</Button>;
  const columns: Column<CredentialView>[] = [
    { label: 'Name', sort: 'name', text: (c) => c.name, cell: (c) => <Text span inherit fw={550} style={{ overflowWrap: 'anywhere' }}>{c.name}</Text> },
    { label: 'Provider', sort: 'provider', text: (c) => c.provider, cell: (c) => providerLabel(c.provider) },
    { label: 'Key', from: 'xs', text: (c) => c.fingerprint, cell: (c) => <Text span inherit ff="monospace" fz={13}>{c.fingerprint}</Text> },
    { label: 'Used by', from: 'sm', sort: 'uses', text: (c) => users(c)?.length, cell: (c) => <UsedBy models={users(c)} /> },
    {
      label: 'Key replaced', from: 'md', sort: 'changed', text: (c) => c.updatedAt,
      cell: (c) => (c.generation === 1 ? <>never, added <Time at={c.createdAt} /></> : <><Time at={c.updatedAt} /> ({count(c.generation - 1, 'time')})</>),
    },
    {
      label: 'Actions',
      right: true,
      cell: (c) => writes && (
        <ActionMenu
          of={c.name}
          actions={[
            { label: 'Replace the key', icon: IconRefresh, run: () => setReplaced(c) },
            { label: 'Delete', icon: IconTrash, bad: true, run: () => setRemoved(c) },
          ]}
        />
      ),
    },
  ];
  return (
    <Page title="Credentials" lead="Providers’ API keys that models share. They go in and never come out; agents never see them." actions={button}>
      <Panel flush>
        <DataTable
          name="Credentials" whole search="Search credentials" queryKey={['credentials']} columns={columns} rowKey={(c) => c.id}
          load={({ limit, cursor }) => ask(api.GET('/api/credentials', { params: { query: { limit, cursor } } }))}
          empty={
            <Empty icon={IconKey} title="No credentials yet" action={button}>
              Store a provider’s key under a name. Every model that calls with it gets the new one when you replace it. A model can also carry a key of its own.
            </Empty>
          }
        />
      </Panel>
      <AddCredential opened={adding} onClose={add.close} />
      {/* What they say of the models is known by then, or will not be. */}
      {replaced && settled && <ReplaceKey key={replaced.id} credential={replaced} users={users(replaced)} onClose={() => setReplaced(undefined)} />}
      {removed && settled && <DeleteCredential credential={removed} users={users(removed)} onClose={() => setRemoved(undefined)} />}
    </Page>
  );
}

function UsedBy({ models }: { models?: SyncedModelView[] }) {
  if (!models) return <>–</>;
  if (models.length === 0) return <Text span inherit c="dimmed">no model</Text>;
  const [first] = models;
  if (models.length === 1 && first) return <Anchor component={Link} to={`/models/${first.id}`} inherit>{first.name}</Anchor>;
  return (
    <Tooltip label={models.map((m) => m.name).join(', ')} multiline maw={360}>
      <Group component="span" display="inline-flex" tabIndex={0}>{count(models.length, 'model')}</Group>
    </Tooltip>
  );
}
