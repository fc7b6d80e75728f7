// Which realms may use a model, since when and until when; giving and taking that.

import { Box, Button, Text } from '@mantine/core';
import { IconPencil, IconPlus, IconShieldX, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedModelView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { SyncState } from '../../components/SyncState';
import { Time } from '../../components/Time';
import { GrantEnds, GrantState } from '../grants/cells';
import { GrantForm } from '../grants/GrantForm';
import { RevokeGrant } from '../grants/RevokeGrant';
import { budgetText } from '../realms/budget';
import { grantsQuery } from './queries';

export function Grants({ model }: { model: SyncedModelView }) {
  const can = useCan();
  // `new` in place of a grant: to give one.
  const [edited, edit] = useState<SyncedGrantView | 'new'>();
  const [revoked, revoke] = useState<SyncedGrantView>();
  const grants = useQuery(grantsQuery(model.id));
  const may = model.status === 'active' && can('grants:write', 'any');
  const button = may && (
    <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => edit('new')}>Grant to a realm</Button>
  );
  const columns: Column<SyncedGrantView>[] = [
    {
      label: 'Realm',
      sort: 'realm',
      text: (g) => g.realmSlug,
      cell: (g) => (
        <Box component="span" display="block" miw={110}>
          {g.realmSlug}
          {g.reason && <Text span display="block" fz={12} c="dimmed" fw={400}>{g.reason}</Text>}
        </Box>
      ),
    },
    { label: 'State', sort: 'state', text: (g) => g.state, cell: (g) => <GrantState grant={g} /> },
    { label: 'On the proxies', from: 'sm', text: (g) => g.sync.state, cell: (g) => <SyncState sync={g.sync} link /> },
    { label: 'Since', from: 'lg', sort: 'since', text: (g) => g.since, cell: (g) => <Time at={g.since} /> },
    { label: 'Ends', from: 'sm', sort: 'ends', text: (g) => g.expiresAt, cell: (g) => <GrantEnds grant={g} /> },
    { label: 'Realm’s budget', from: 'lg', sort: 'budget', right: true, text: (g) => g.monthlyBudgetUsd, cell: (g) => budgetText(g.monthlyBudgetUsd) },
    {
      label: 'Actions',
      right: true,
      cell: (g) => g.state === 'active' && can('grants:write', g.realmId) && (
        <ActionMenu
          of={g.realmSlug}
          actions={[
            { label: 'Edit', icon: IconPencil, run: () => edit(g) },
            { label: 'Revoke', icon: IconShieldX, bad: true, run: () => revoke(g) },
          ]}
        />
      ),
    },
  ];
  return (
    <Panel title="Who may use it" lead="Realms with a grant. All agents of a realm have it." actions={(grants.data?.length ?? 0) > 0 && button} flush>
      <DataTable
        name={`Grants of ${model.name}`} prefix="grants" whole bare
        queryKey={['models', model.id, 'realms']}
        load={() => ask(api.GET('/api/models/{id}/realms', { params: { path: { id: model.id } } }))}
        columns={columns} rowKey={(g) => g.realmId} to={(g) => `/realms/${g.realmSlug}`}
        empty={
          <Empty icon={IconUsersGroup} title="No realm may use it" action={button}>
            {model.status === 'active' ? 'Grant it to a realm: the proxies that serve it get the model, and its agents are told at once.' : 'Activate it first.'}
          </Empty>
        }
      />
      {edited && <GrantForm model={model} grants={grants.data ?? []} grant={edited === 'new' ? undefined : edited} onClose={() => edit(undefined)} />}
      {revoked && <RevokeGrant grant={revoked} onClose={() => revoke(undefined)} />}
    </Panel>
  );
}
