// A realm's virtual key: its generations, newest first, with where each is and how many agents have it. With a key per agent,
// those of each agent.

import { Button, Group, Stack, Text } from '@mantine/core';
import { IconKey, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Facts, Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { OnProxies } from '../../components/SyncState';
import { Time } from '../../components/Time';
import { count } from '../models/naming';
import { EndKey } from './EndKey';
import { keysQuery, membersQuery, readKeys, type HeldKey } from './queries';
import { RotateKey, type RotateWhat } from './RotateKey';

const WHY: Record<HeldKey['state'], string> = {
  current: 'Agents get this one.',
  retiring: 'Replaced. It still works until every agent has the next one, at the latest until its end.',
  adopted: 'Taken over from a proxy. Whoever holds it goes on with it; no agent is given it.',
  closing: 'Blocked on every proxy. It is forgotten when each was proven to refuse it.',
};

export function Keys({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const [rotating, rotate] = useState<RotateWhat>();
  const [ended, end] = useState<HeldKey>();
  const may = can('keys:write', realm.id);
  const agents = useQuery({ ...membersQuery(realm.id), enabled: can('agents:read', realm.id) }).data;
  const nameOf = (did: string) => agents?.find((a) => a.did === did)?.name ?? shortDid(did);
  const keys = useQuery(keysQuery(realm.id)).data ?? [];
  const own = realm.keyScope === 'agent' || keys.some((k) => k.agentDid);
  const current = keys.filter((k) => k.state === 'current');
  const leaving = keys.filter((k) => k.state === 'retiring' || k.state === 'closing');
  const columns: Column<HeldKey>[] = [
    ...(own ? [{
      label: 'Agent', sort: 'agent', text: (k: HeldKey) => (k.agentDid ? nameOf(k.agentDid) : 'all'),
      cell: (k: HeldKey) => (k.agentDid ? <Text span inherit fw={550} title={k.agentDid}>{nameOf(k.agentDid)}</Text> : 'all agents'),
    }] : []),
    { label: 'Generation', sort: 'generation', text: (k) => k.generation, cell: (k) => k.generation },
    { label: 'Fingerprint', from: 'sm', text: (k) => k.fingerprint, cell: (k) => <Text span inherit ff="monospace" fz="0.92em">{k.fingerprint}</Text> },
    {
      label: 'State', sort: 'state', text: (k) => k.state,
      cell: (k) => (
        <>
          <Status state={k.state} why={WHY[k.state]} />
          {k.retireAfter && k.state === 'retiring' && <Text size="xs" c="dimmed">at the latest <Time at={k.retireAfter} /></Text>}
        </>
      ),
    },
    { label: 'Run by', from: 'md', sort: 'agents', text: (k) => k.agents, cell: (k) => count(k.agents, 'agent') },
    { label: 'Made', from: 'sm', sort: 'made', text: (k) => k.createdAt, cell: (k) => <Time at={k.createdAt} /> },
    { label: 'On the proxies', from: 'xs', text: (k) => k.sync.state, cell: (k) => <OnProxies sync={k.sync} /> },
    {
      label: 'Actions', right: true,
      cell: (k) => may && (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          {k.state === 'current' && k.agentDid && (
            <Button size="compact-xs" variant="default" onClick={() => rotate({ agent: k.agentDid ?? undefined, name: nameOf(k.agentDid ?? '') })}>Rotate</Button>
          )}
          {(k.state === 'retiring' || k.state === 'adopted') && <Button size="compact-xs" variant="default" onClick={() => end(k)}>End it now</Button>}
        </Group>
      ),
    },
  ];
  return (
    <Stack gap="md">
      <Panel
        title={own ? 'Virtual keys' : 'Virtual key'}
        lead={own ? 'Each approved agent has a key of its own under the realm’s team. Agents are given it; nobody sees it here.' : 'All agents of the realm share it. Agents are given it; nobody sees it here.'}
        actions={may && current.length > 0 && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => rotate({})}>
            {current.length === 1 ? 'Rotate' : `Rotate all ${current.length}`}
          </Button>
        )}
      >
        <Facts
          items={[
            ['In use', current.length === 0 ? 'none yet' : own ? `${current.length} ${current.length === 1 ? 'key' : 'keys'}` : `generation ${current[0]?.generation}, ${current[0]?.fingerprint}`],
            ['On its way out', leaving.length > 0 && `${leaving.length} ${leaving.length === 1 ? 'generation' : 'generations'}`],
            ['Replaced by itself', realm.keyMaxAgeDays ? `after ${realm.keyMaxAgeDays} days` : 'never'],
          ]}
        />
      </Panel>
      <Panel flush>
        <DataTable<HeldKey>
          name={`Keys of ${realm.slug}`} whole prefix="keys" search={own ? 'Find a key' : undefined} queryKey={['realms', realm.id, 'keys']}
          load={async () => ({ items: await readKeys(realm.id) })}
          columns={columns} rowKey={(k) => k.id} filters={!own && <Text size="sm" fw={550}>Generations</Text>}
          empty={<Empty icon={IconKey} title="No virtual key yet">{own ? 'With its first grant every approved agent gets one.' : 'The first grant makes it.'}</Empty>}
        />
      </Panel>
      <RotateKey realm={realm} what={rotating} onClose={() => rotate(undefined)} />
      <EndKey realm={realm} keyView={ended} name={ended?.agentDid ? nameOf(ended.agentDid) : undefined} onClose={() => end(undefined)} />
    </Stack>
  );
}
