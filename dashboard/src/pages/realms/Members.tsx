// The agents of a realm, each with whether it runs what it should; adding one, making the realm its primary one, taking one out.

import { Anchor, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus, IconRobot, IconStar, IconUserMinus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { AgentView, SyncedRealmView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { shortDid } from '../../components/Copy';
import { DataTable, type Column, type Wanted } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { Loss } from '../agents/Loss';
import { listAgents } from '../agents/queries';
import { AddMember } from './AddMember';

const CONCERNED = ['realms', 'agents', 'changes', 'overview'];

export function Members({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const done = useDone();
  const [adding, setAdding] = useState(false);
  const [chosen, choose] = useState<{ agent: AgentView; action: 'primary' | 'remove' }>();
  const may = can('agents:write', realm.id);
  const inRealm = (agent: AgentView) => agent.realms.find((r) => r.id === realm.id);
  const columns: Column<AgentView>[] = [
    {
      label: 'Agent', sort: 'name', text: (a) => a.name,
      cell: (a) => (
        <Group gap={8} component="span" display="inline-flex">
          {a.name}
          {inRealm(a)?.isPrimary && <Badge size="sm" variant="default" tt="none">primary</Badge>}
        </Group>
      ),
    },
    { label: 'State', text: (a) => live(a).state, cell: (a) => <Status {...live(a)} /> },
    { label: 'Config mode', from: 'md', text: (a) => a.mode, cell: (a) => a.mode },
    { label: 'Runs version', from: 'md', text: (a) => a.running?.version, cell: (a) => a.running?.version ?? '–' },
    { label: 'Last seen', from: 'sm', sort: 'lastSeen', newestFirst: true, text: (a) => a.connection.lastSeen, cell: (a) => (a.connection.connected ? 'now' : <Time at={a.connection.lastSeen} none="never" />) },
    { label: 'DID', from: 'lg', text: (a) => a.did, cell: (a) => <Text span inherit ff="monospace" fz="0.92em" c="dimmed">{shortDid(a.did)}</Text> },
    {
      label: 'Actions', right: true,
      cell: (a) => may && (
        <ActionMenu
          of={a.name}
          actions={[
            !inRealm(a)?.isPrimary && { label: 'Make this its primary realm', icon: IconStar, run: () => choose({ agent: a, action: 'primary' }) },
            { label: 'Take out of the realm', icon: IconUserMinus, bad: true, run: () => choose({ agent: a, action: 'remove' }) },
          ]}
        />
      ),
    },
  ];
  const load = (wanted: Wanted) => listAgents(wanted, { realmId: realm.id });
  const add = may && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>Add an agent</Button>;
  const agent = chosen?.agent;
  const primary = async () => {
    if (!agent) return;
    const answer = await ask(api.POST('/api/realms/{id}/agents', { params: { path: { id: realm.id } }, body: { did: agent.did, primary: true } }));
    done(`${realm.name} is the primary realm of ${agent.name}`, answer, ...CONCERNED);
  };
  const remove = async () => {
    if (!agent) return;
    const answer = await ask(api.DELETE('/api/realms/{id}/agents/{did}', { params: { path: { id: realm.id, did: agent.did } } }));
    done(`${agent.name} is no longer in ${realm.name}`, answer, ...CONCERNED);
  };
  return (
    <Panel flush>
      <DataTable<AgentView>
        name={`Members of ${realm.slug}`} prefix="members" search="Find an agent" queryKey={['agents', 'members', realm.id]} load={load} columns={columns}
        rowKey={(a) => a.did} to={(a) => `/agents/${a.did}`} filters={add}
        empty={
          <Empty icon={IconRobot} title={`No agent is in ${realm.name}`} action={add}>
            Agents join when they enrol with a token of this realm
            {can('enrollment:read', realm.id) && <> (see <Anchor component={Link} to="/enrollment" inherit underline="always">Enrolment</Anchor>)</>}, or when somebody adds them here.
          </Empty>
        }
      />
      <AddMember realm={realm} opened={adding} onClose={() => setAdding(false)} />
      <Confirm opened={chosen?.action === 'primary'} onClose={() => choose(undefined)} title={`Primary realm of ${agent?.name ?? ''}`} action="Make it primary" harmless run={primary}>
        The model of <b>{agent?.name}</b> is chosen from {realm.name} first from now on. If it is connected, it hears of it at once.
      </Confirm>
      <Confirm opened={chosen?.action === 'remove'} onClose={() => choose(undefined)} title={`Take ${agent?.name ?? ''} out`} action="Take it out" run={remove}>
        <Stack gap="xs">
          <Text size="sm"><b>{agent?.name}</b> loses at once what it has through {realm.name}; it stays enrolled, and keeps its other realms.</Text>
          {agent && <Loss agent={agent} realms={agent.realms.filter((r) => r.id === realm.id)} />}
        </Stack>
      </Confirm>
    </Panel>
  );
}

/** The one thing to know of an agent now. */
function live(agent: AgentView): { state: string; label?: string; why?: string | null } {
  if (agent.frozen) return { state: 'frozen', why: agent.frozen.reason };
  if (agent.status === 'pending') return { state: 'pending', label: 'waits for approval' };
  if (agent.status !== 'approved') return { state: agent.status, why: agent.statusReason };
  if (!agent.connection.connected) return { state: 'offline', label: 'away' };
  if (agent.wanted.progress === 'rejected') return { state: 'rejecting', label: 'refuses its document', why: agent.rejected?.message };
  if (agent.wanted.progress === 'pending') return { state: 'behind', label: 'is being told' };
  return { state: 'connected', label: 'runs what it should' };
}
