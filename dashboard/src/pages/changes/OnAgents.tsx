// The receipt's step on the agents: how many run what they should, in words and as a bar, and the first hundred by name.

import { Anchor, Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { AgentProgress, Receipt } from '../../api/schema';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';

/** Shown at first; those that something is the matter with come first. */
const FEW = 10;
const ORDER = ['rejected', 'pending', 'applied', 'offline'];

const number = (n: number) => n.toLocaleString('en');
const LABELS = { applied: 'runs it', pending: 'is being told', rejected: 'refused it', offline: 'away' };

export function OnAgents({ receipt }: { receipt: Receipt }) {
  const { concerned, connected, applied, pending, rejected, items } = receipt.agents;
  const [every, showEvery] = useState(false);
  const away = concerned - connected;
  const sorted = [...items].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  const shown = every ? sorted : sorted.slice(0, FEW);
  const parts = [
    [applied, 'green.7', `${number(applied)} ${applied === 1 ? 'runs what it should' : 'run what they should'}`],
    [pending, 'blue.6', `${number(pending)} ${pending === 1 ? 'is' : 'are'} being told`],
    [rejected, 'red.6', `${number(rejected)} refused it and ${rejected === 1 ? 'goes' : 'go'} on with what ${rejected === 1 ? 'it' : 'they'} had`],
    [away, 'gray.5', `${number(away)} ${away === 1 ? 'is' : 'are'} away and ${away === 1 ? 'gets' : 'get'} it when connecting`],
  ] as const;
  const words = parts.filter(([n]) => n > 0).map(([, , text]) => text).join('; ');
  return (
    <Stack gap="sm">
      <Progress.Root size={10} radius="xl" aria-hidden>
        {parts.map(([n, color]) => n > 0 && <Progress.Section key={color} value={(100 * n) / concerned} color={color} />)}
      </Progress.Root>
      <Text size="sm">Of {number(concerned)} {concerned === 1 ? 'agent' : 'agents'}: {words}.</Text>
      <Table aria-label="Agents" verticalSpacing={6} horizontalSpacing={0} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th fz={12} c="dimmed">Agent</Table.Th>
            <Table.Th fz={12} c="dimmed">State</Table.Th>
            <Table.Th fz={12} c="dimmed" visibleFrom="xs">Runs version</Table.Th>
            <Table.Th fz={12} c="dimmed" ta="right">Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((agent) => <Row key={agent.did} agent={agent} receipt={receipt} />)}
        </Table.Tbody>
      </Table>
      <Group gap="md">
        {items.length > FEW && <Button size="compact-sm" variant="default" onClick={() => showEvery(!every)}>{every ? 'Show fewer' : `Show all ${items.length}`}</Button>}
        {concerned > items.length && <Text size="sm" c="dimmed">Listed are the first {items.length} by DID; all {number(concerned)} are counted above.</Text>}
      </Group>
    </Stack>
  );
}

function Row({ agent, receipt }: { agent: AgentProgress; receipt: Receipt }) {
  // Its document did not become another one by this change, or not yet.
  const same = agent.state === 'applied' && typeof agent.version === 'number' && agent.version < receipt.revision;
  return (
    <Table.Tr>
      <Table.Td><Anchor component={Link} to={`/agents/${agent.did}`} inherit c="inherit" fw={550} style={{ overflowWrap: 'anywhere' }}>{agent.name}</Anchor></Table.Td>
      <Table.Td>
        <Status state={agent.state} label={same ? 'as it was' : LABELS[agent.state]} why={same ? 'What this agent should run did not change by this.' : null} />
      </Table.Td>
      <Table.Td visibleFrom="xs">{agent.version ?? '–'}</Table.Td>
      <Table.Td ta="right"><Time at={agent.at} /></Table.Td>
    </Table.Tr>
  );
}
