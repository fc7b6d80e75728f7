// Which realms may use a model, since when and until when; giving and taking that.

import { Box, Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconPlus, IconShieldX, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedModelView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { realmQuery } from '../realms/queries';
import { GrantForm } from './GrantForm';
import { count } from './naming';
import { grantsQuery } from './queries';

export function Grants({ model }: { model: SyncedModelView }) {
  const can = useCan();
  const done = useDone();
  const [granting, grant] = useDisclosure();
  const [edited, setEdited] = useState<SyncedGrantView>();
  const [revoked, setRevoked] = useState<SyncedGrantView>();
  const grants = useQuery(grantsQuery(model.id));
  const losing = useQuery({ ...realmQuery(revoked?.realmId ?? ''), enabled: revoked !== undefined });
  const members = losing.data?.members;
  const name = (g?: SyncedGrantView) => g?.realmSlug ?? '';
  const may = model.status === 'active' && can('grants:write', 'any');
  const button = may && (
    <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={grant.open}>Grant to a realm</Button>
  );
  const columns: Column<SyncedGrantView>[] = [
    {
      label: 'Realm',
      sort: 'realm',
      text: (g) => g.realmSlug,
      cell: (g) => (
        <Box component="span" display="block" miw={110}>
          {name(g)}
          {g.reason && <Text span display="block" fz={12} c="dimmed" fw={400}>{g.reason}</Text>}
        </Box>
      ),
    },
    { label: 'State', sort: 'state', text: (g) => g.state, cell: (g) => <GrantStatus grant={g} /> },
    { label: 'Since', from: 'sm', sort: 'since', text: (g) => g.since, cell: (g) => <Time at={g.since} /> },
    { label: 'Ends', from: 'sm', sort: 'ends', text: (g) => g.expiresAt, cell: (g) => <Time at={g.expiresAt} none="never" /> },
    { label: 'Realm’s budget', from: 'lg', sort: 'budget', right: true, text: (g) => g.monthlyBudgetUsd, cell: (g) => (typeof g.monthlyBudgetUsd === 'number' ? `$${g.monthlyBudgetUsd.toLocaleString('en')} / month` : 'no limit') },
    {
      label: '',
      right: true,
      cell: (g) => g.state === 'active' && can('grants:write', g.realmId) && (
        <ActionMenu
          of={name(g)}
          actions={[
            { label: 'Edit', icon: IconPencil, run: () => setEdited(g) },
            { label: 'Revoke', icon: IconShieldX, bad: true, run: () => setRevoked(g) },
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
      <GrantForm opened={granting} onClose={grant.close} model={model} grants={grants.data ?? []} />
      <GrantForm key={edited?.realmId} opened={edited !== undefined} onClose={() => setEdited(undefined)} model={model} grants={grants.data ?? []} grant={edited} />
      <Confirm
        opened={revoked !== undefined} onClose={() => setRevoked(undefined)} title={`Revoke ${model.name} from ${name(revoked)}`} action="Revoke"
        run={async () => {
          if (!revoked) return;
          const answer = await ask(api.DELETE('/api/models/{id}/realms/{realmId}', { params: { path: { id: model.id, realmId: revoked.realmId } } }));
          done(`${name(revoked)} loses ${model.name}`, answer, 'models', 'realms', 'agents');
        }}
      >
        {members === undefined ? 'Its agents' : count(members, 'agent')} of {name(revoked)} can no longer call {model.litellmModelName}, unless another realm
        of theirs has it. The realm keeps its key, narrowed to what it still has. It is shown as revoking until every proxy was seen to refuse it.
      </Confirm>
    </Panel>
  );
}

function GrantStatus({ grant }: { grant: SyncedGrantView }) {
  const open = grant.sync.proxies.filter((p) => p.state !== 'applied');
  const why = open.map((p) => `${p.proxyName}: ${p.errorMessage ?? p.state}`).join('\n');
  const failed = open.some((p) => p.state === 'failed');
  if (grant.state === 'active' && open.length > 0) {
    const all = grant.sync.proxies.length;
    return <Status state="active" tone={failed ? 'bad' : 'busy'} label={`active on ${all - open.length} of ${all}`} why={why} />;
  }
  return <Status state={grant.state} why={why} />;
}
