// The models that a realm may use: each grant with how far it is on the fleet, and, when it is taken away, since when and the way
// to its proof.

import { Button, Text } from '@mantine/core';
import { IconPencil, IconPlus, IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedRealmView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Actor } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { SyncState } from '../../components/SyncState';
import { Time } from '../../components/Time';
import { GrantEnds, GrantState } from '../grants/cells';
import { GrantForm } from '../grants/GrantForm';
import { RevokeGrant } from '../grants/RevokeGrant';
import { grantsQuery } from './queries';

export function Grants({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const grants = useQuery(grantsQuery(realm.id)).data ?? [];
  const mayGrant = can('grants:write', realm.id);
  // `new` in place of a grant: to give one.
  const [edited, edit] = useState<SyncedGrantView | 'new'>();
  const [revoked, revoke] = useState<SyncedGrantView>();
  const give = mayGrant && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => edit('new')}>Grant a model</Button>;
  const columns: Column<SyncedGrantView>[] = [
    {
      label: 'Model', sort: 'model', text: (g) => g.litellmModelName,
      cell: (g) => <>{g.litellmModelName}{g.modelId === realm.defaultModelId && <Text span size="xs" c="dimmed" fw={400} ml={8}>default</Text>}</>,
    },
    { label: 'State', sort: 'state', text: (g) => g.state, cell: (g) => <GrantState grant={g} /> },
    { label: 'On the proxies', from: 'md', text: (g) => g.sync.state, cell: (g) => <SyncState sync={g.sync} link /> },
    { label: 'Ends', from: 'sm', sort: 'ends', text: (g) => g.expiresAt, cell: (g) => <GrantEnds grant={g} /> },
    { label: 'Reason', from: 'lg', text: (g) => g.reason, cell: (g) => <Text span inherit lineClamp={2}>{g.reason || '–'}</Text> },
    { label: 'By', from: 'md', text: (g) => g.createdBy, cell: (g) => <><Actor actor={g.createdBy} /> <Text span inherit c="dimmed"><Time at={g.createdAt} /></Text></> },
    {
      label: 'Actions', right: true,
      cell: (g) => mayGrant && g.state === 'active' && (
        <ActionMenu
          of={g.litellmModelName}
          actions={[
            { label: 'Edit', icon: IconPencil, run: () => edit(g) },
            { label: 'Revoke', icon: IconShieldX, bad: true, run: () => revoke(g) },
          ]}
        />
      ),
    },
  ];
  return (
    <Panel flush>
      <DataTable<SyncedGrantView>
        name={`Grants of ${realm.slug}`} whole prefix="grants" search="Find a grant" queryKey={['realms', realm.id, 'grants']}
        load={() => ask(api.GET('/api/realms/{id}/models', { params: { path: { id: realm.id } } }))}
        columns={columns} rowKey={(g) => g.modelId} to={(g) => `/models/${g.modelId}`} filters={give}
        empty={
          <Empty icon={IconShieldCheck} title="No model is granted" action={give}>
            Without a grant the agents of {realm.name} can call nothing. The first grant makes the realm’s virtual key.
          </Empty>
        }
      />
      {edited && <GrantForm realm={realm} grants={grants} grant={edited === 'new' ? undefined : edited} onClose={() => edit(undefined)} />}
      {revoked && <RevokeGrant grant={revoked} onClose={() => revoke(undefined)} />}
    </Panel>
  );
}
