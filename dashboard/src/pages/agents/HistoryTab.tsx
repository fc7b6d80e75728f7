// What was decided about an agent, from the audit record.

import { Anchor, Select, Text } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import type { AgentView, AuditView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';

export function HistoryTab({ agent }: { agent: AgentView }) {
  const [url, setUrl] = useUrl('history');
  const own = `agent/${agent.did}`;
  const subjects = [
    { value: own, label: 'The agent and its config' },
    { value: `freeze/agent/${agent.did}`, label: 'Freezes' },
    ...agent.realms.map((realm) => ({ value: `member/${realm.id}/${agent.did}`, label: `Membership in ${realm.name}` })),
  ];
  const subject = subjects.find((s) => s.value === url.about)?.value ?? own;
  return (
    <Panel flush>
      <DataTable
        name="History"
        prefix="history"
        queryKey={['audit', subject]}
        load={async ({ limit, cursor }) => {
          const page = await ask(api.GET('/api/audit', { params: { query: { subject, limit, cursor } } }));
          // Text is what an export answers.
          return typeof page === 'string' ? { items: [] } : page;
        }}
        rowKey={(row) => String(row.seq)}
        columns={COLUMNS}
        filters={
          <Select
            size="xs" w={230} aria-label="What about" allowDeselect={false} data={subjects} value={subject}
            onChange={(about) => setUrl({ about: about === own ? undefined : (about ?? undefined), cursor: undefined })}
          />
        }
        empty={<Empty icon={IconFingerprint} title="Nothing has happened here">Every change is a row in the audit record.</Empty>}
      />
    </Panel>
  );
}

const COLUMNS: Column<AuditView>[] = [
  { label: 'When', text: (row) => row.at, cell: (row) => <Time at={row.at} /> },
  { label: 'What', text: (row) => row.action, cell: (row) => <Text span size="sm" fw={550}>{row.action}</Text> },
  { label: 'By', from: 'sm', text: (row) => row.actor, cell: (row) => actor(row.actor) },
  { label: 'Changed', text: (row) => differences(row).join('; '), cell: (row) => <Differences row={row} /> },
  {
    label: 'Change',
    right: true,
    text: (row) => row.revision,
    cell: (row) => row.revision && <Anchor component={Link} to={`/changes/${row.revision}`} size="sm">{row.revision}</Anchor>,
  },
];

const actor = (name: string) => (name.startsWith('agent:') ? `agent ${shortDid(name.slice(6))}` : name);

const said = (value: unknown): string => {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.map(said).join(', ') || 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** Fields that are not the same before and after, in words. */
function differences({ before, after }: AuditView): string[] {
  const [old, now]: [Record<string, unknown>, Record<string, unknown>] = [before ?? {}, after ?? {}];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => name !== 'version');
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]) && !(old[name] == null && now[name] == null))
    .map((name) => (before && after ? `${name}: ${said(old[name])} → ${said(now[name])}` : `${name}: ${said(after ? now[name] : old[name])}`));
}

function Differences({ row }: { row: AuditView }) {
  const lines = differences(row);
  if (lines.length === 0) return <Text span inherit c="dimmed">–</Text>;
  return <>{lines.map((line) => <Text key={line} size="xs" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>{line}</Text>)}</>;
}
