// All agents: who is there, who runs what it should, and who waits to be let in.

import { Button, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { IconRobot, IconUserQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { AgentView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { Waiting } from './Approve';
import { RealmPick } from './picks';
import { listAgents, pendingQuery } from './queries';
import { inStep, LiveState, MODES, saidOf } from './state';

const LIVE = [
  { value: 'connected', label: 'Connected' },
  { value: 'offline', label: 'Offline' },
  { value: 'converged', label: 'Converged' },
  { value: 'behind', label: 'Behind' },
  { value: 'rejecting', label: 'Rejecting' },
  { value: 'frozen', label: 'Frozen' },
];

export function Agents() {
  const can = useCan();
  const [url, setUrl] = useUrl();
  const pending = useQuery(pendingQuery);
  const waiting = pending.data ? `${pending.data.items.length}${pending.data.nextCursor ? '+' : ''}` : '';
  const onlyPending = url.status === 'pending';
  // Who waits has no state yet, and there is no field for it then.
  const live = onlyPending ? undefined : url.live;
  const filters = {
    status: url.status,
    realmId: url.realm,
    live: live === 'frozen' ? undefined : live,
    frozen: live === 'frozen' ? 'true' : undefined,
  };
  const filter = (patch: Record<string, string | null>) =>
    setUrl({ ...Object.fromEntries(Object.entries(patch).map(([k, v]) => [k, v ?? undefined])), cursor: undefined });

  return (
    <Page
      title="Agents"
      lead="Programs that get their model and key from here: whether they are there, and whether they run what they should."
      actions={can('enrollment:read', 'any') && <Button variant="default" component={Link} to="/enrollment">Enrol an agent</Button>}
    >
      {!onlyPending && pending.data && pending.data.items.length > 0 && (
        <Notice tone="warn" icon={IconUserQuestion}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              {pending.data.items.length === 1 ? '1 agent waits' : `${waiting} agents wait`} for approval. Until then it gets nothing.
            </Text>
            <Button size="compact-sm" variant="default" onClick={() => filter({ status: 'pending' })}>Look at who waits</Button>
          </Group>
        </Notice>
      )}
      <Panel flush>
        <Group px="md" pt="sm">
          <SegmentedControl
            size="xs"
            aria-label="Status"
            value={url.status ?? ''}
            onChange={(status) => filter({ status })}
            data={[
              { value: '', label: 'All' },
              { value: 'pending', label: `Waiting${waiting && waiting !== '0' ? ` · ${waiting}` : ''}` },
              { value: 'approved', label: 'Approved' },
              { value: 'revoked', label: 'Revoked' },
            ]}
          />
        </Group>
        <DataTable
          name="Agents"
          queryKey={['agents', filters]}
          load={(wanted) => listAgents(wanted, filters)}
          rowKey={(agent) => agent.did}
          to={(agent) => `/agents/${agent.did}`}
          search="Name or DID"
          filters={
            <>
              {can('realms:read', 'any') && (
                <RealmPick size="xs" w={170} aria-label="Realm" placeholder="Every realm" clearable value={url.realm ?? null} onChange={(realm) => filter({ realm })} />
              )}
              {!onlyPending && (
                <Select size="xs" w={140} aria-label="State" placeholder="Every state" clearable data={LIVE} value={url.live ?? null} onChange={(live) => filter({ live })} />
              )}
            </>
          }
          columns={onlyPending ? [IDENTITY, ...WAITING] : [IDENTITY, ...COLUMNS]}
          empty={
            <Empty
              icon={IconRobot}
              title="No agents yet"
              action={can('enrollment:write', 'any') && <Button component={Link} to="/enrollment">Make an enrolment token</Button>}
            >
              An agent is a program that asks Reeve which model it may use. Make an enrolment token and run <b>reeve-agent enroll</b> with it
              where the agent runs.
            </Empty>
          }
        />
      </Panel>
    </Page>
  );
}

const IDENTITY: Column<AgentView> = {
  label: 'Agent',
  sort: 'name',
  text: (a) => a.name,
  cell: (a) => (
    <Stack gap={0}>
      {a.name}
      <Text span size="xs" c="dimmed" ff="monospace" fw={400} style={{ whiteSpace: 'nowrap' }}>{shortDid(a.did)}</Text>
    </Stack>
  ),
};

const COLUMNS: Column<AgentView>[] = [
  { label: 'DID', text: (a) => a.did, cell: () => null, fileOnly: true },
  { label: 'State', text: (a) => saidOf(a).map((said) => said.label).join(', '), cell: (a) => (a.status === 'pending' ? <Waiting agent={a} /> : <LiveState agent={a} />) },
  { label: 'Realms', from: 'sm', text: (a) => a.realms.map((r) => r.slug).join(' '), cell: (a) => <Realms agent={a} /> },
  { label: 'Config', from: 'md', text: (a) => MODES[a.mode], cell: (a) => MODES[a.mode] },
  {
    label: 'Running',
    from: 'md',
    text: (a) => a.running?.version,
    cell: (a) => <Version agent={a} />,
  },
  { label: 'Wanted', text: (a) => a.wanted.version, cell: () => null, fileOnly: true },
  {
    label: 'Last seen',
    from: 'sm',
    sort: 'lastSeen',
    newestFirst: true,
    text: (a) => a.connection.lastSeen,
    cell: (a) => (a.connection.connected ? 'now' : <Time at={a.connection.lastSeen} none="never" />),
  },
];

const WAITING: Column<AgentView>[] = [
  { label: 'DID', text: (a) => a.did, cell: () => null, fileOnly: true },
  { label: 'Asked', from: 'sm', sort: 'created', newestFirst: true, text: (a) => a.createdAt, cell: (a) => <Time at={a.createdAt} /> },
  { label: 'Session', from: 'sm', text: (a) => (a.connection.connected ? 'open' : ''), cell: (a) => (a.connection.connected ? 'waits on the line' : 'not connected') },
  { label: 'Decision', right: true, cell: (a) => <Waiting agent={a} turnAway /> },
];

function Realms({ agent }: { agent: AgentView }) {
  const [primary, ...others] = agent.realms;
  if (!primary) return <Text span inherit c="dimmed">none</Text>;
  return <>{primary.name}{others.length > 0 && <Text span inherit c="dimmed"> +{others.length}</Text>}</>;
}

/** The version that it runs; with the wanted one behind it where that is another document. */
function Version({ agent }: { agent: AgentView }) {
  if (agent.status !== 'approved') return <Text span inherit c="dimmed">–</Text>;
  const { running, wanted } = agent;
  if (!running) return <Text span inherit c="dimmed">nothing yet, {wanted.version} wanted</Text>;
  return inStep(agent) ? <>{running.version} <Text span inherit c="dimmed">as wanted</Text></> : <>{running.version} <Text span inherit c="dimmed">of {wanted.version}</Text></>;
}
