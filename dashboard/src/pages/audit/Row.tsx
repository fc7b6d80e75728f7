// One row of the record: who, from where, what changed, and its place in the chain.

import { Anchor, Code, Drawer, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { AuditView } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { Facts } from '../../components/Panel';
import { exactTime } from '../../components/Time';
import { differences, type Difference } from './diff';
import classes from './Row.module.css';
import { Subject } from './Subject';

export function Row({ row, onClose }: { row?: AuditView; onClose: () => void }) {
  return (
    <Drawer opened={row !== undefined} onClose={onClose} size="lg" title={<Text fw={640} fz="lg">{row ? `Row ${row.seq}: ${row.action}` : ''}</Text>}>
      {row && <Body row={row} onGo={onClose} />}
    </Drawer>
  );
}

function Body({ row, onGo }: { row: AuditView; onGo: () => void }) {
  return (
    <Stack gap="lg">
      <Facts
        items={[
          ['When', exactTime(row.at)],
          ['Who', row.actor],
          ['How that is known', row.auth ?? 'an old row does not say'],
          ['From', row.address],
          ['About', <Subject key="subject" subject={row.subject} />],
          ['Change', row.revision ? <Anchor key="revision" component={Link} to={`/changes/${row.revision}`} size="sm">Change {row.revision}</Anchor> : 'none that agents or proxies notice'],
          ['Request', row.requestId && <Copy key="request" text={row.requestId} />],
        ]}
      />
      <Changed row={row} />
      <Group gap="md">
        <Anchor component={Link} to="/audit" search={{ actor: row.actor } as never} size="sm" onClick={onGo}>Everything this actor did</Anchor>
        <Anchor component={Link} to="/audit" search={{ subject: row.subject } as never} size="sm" onClick={onGo}>Everything about this</Anchor>
      </Group>
      <Facts items={[['Hash', <Code key="hash" className={classes.hash}>{row.hash}</Code>], ['Hash of the row before', <Code key="prev" className={classes.hash}>{row.prevHash}</Code>]]} />
    </Stack>
  );
}

function Changed({ row }: { row: AuditView }) {
  const [view, setView] = useState('changes');
  if (!row.before && !row.after) return <Text size="sm" c="dimmed">The row holds no views of before and after.</Text>;
  const found = differences(row.before ?? undefined, row.after ?? undefined);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={600} size="sm">{row.before ? (row.after ? 'What changed' : 'What was removed') : 'What was made'}</Text>
        <SegmentedControl size="xs" value={view} onChange={setView} aria-label="How to show it" data={[{ value: 'changes', label: 'Fields' }, { value: 'json', label: 'JSON' }]} />
      </Group>
      {view === 'changes' ? <Fields found={found} /> : <Code block className={classes.json} tabIndex={0}>{JSON.stringify({ before: row.before, after: row.after }, null, 2)}</Code>}
    </Stack>
  );
}

const SIGNS: Record<Difference['kind'], string> = { added: '+', removed: '−', changed: '~' };

function Fields({ found }: { found: Difference[] }) {
  if (found.length === 0) return <Text size="sm" c="dimmed">The two views are the same.</Text>;
  return (
    <Table aria-label="Fields that differ" className={classes.fields}>
      <Table.Thead><Table.Tr><Table.Th>Field</Table.Th><Table.Th>Before</Table.Th><Table.Th>After</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {found.map((d) => (
          <Table.Tr key={d.path} data-kind={d.kind}>
            <Table.Td><Text span inherit ff="monospace" aria-label={d.kind}>{SIGNS[d.kind]}</Text> {d.path}</Table.Td>
            <Table.Td>{d.before ?? '–'}</Table.Td>
            <Table.Td>{d.after ?? '–'}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
