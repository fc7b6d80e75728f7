// What was decided about an agent, from the audit record.

import { Anchor, Box, Select, Text } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AgentView, AuditView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { readRows } from '../audit/rows';
import { offerQuery } from './queries';

export function HistoryTab({ agent }: { agent: AgentView }) {
  const [url, setUrl] = useUrl('history');
  // Rows name realms and models by id: those of today are known by name.
  const offer = useQuery(offerQuery(agent.did)).data;
  const names = new Map([
    ...agent.realms.map((realm): [string, string] => [realm.id, realm.name]),
    ...(offer?.realms ?? []).flatMap((realm) => realm.models.map((model): [string, string] => [model.id, model.litellmModelName])),
  ]);
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
        load={(page) => readRows({ subject, ...page })}
        rowKey={(row) => String(row.seq)}
        columns={columns(names)}
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

const columns = (names: Names): Column<AuditView>[] => [
  { label: 'When', sort: 'at', byDefault: true, text: (row) => row.at, cell: (row) => <Time at={row.at} /> },
  {
    label: 'What',
    text: (row) => row.action,
    cell: (row) => (
      <>
        <Text size="sm" fw={550}>{row.action}</Text>
        <Box hiddenFrom="sm"><Differences lines={differences(row, names)} /></Box>
      </>
    ),
  },
  { label: 'By', from: 'sm', text: (row) => row.actor, cell: (row) => actor(row.actor) },
  { label: 'Changed', from: 'sm', text: (row) => differences(row, names).join('; '), cell: (row) => <Differences lines={differences(row, names)} /> },
  {
    label: 'Change',
    right: true,
    text: (row) => row.revision,
    cell: (row) => row.revision && <Anchor component={Link} to={`/changes/${row.revision}`} size="sm">{row.revision}</Anchor>,
  },
];

type Names = Map<string, string>;

const actor = (name: string) => (name.startsWith('agent:') ? `agent ${shortDid(name.slice(6))}` : name);

const WORDS: Record<string, string> = { realmId: 'realm', realmModelId: 'model', isPrimary: 'primary', statusReason: 'reason' };

function said(value: unknown, names: Names): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.map((one) => said(one, names)).join(', ') || 'none';
  return typeof value === 'object' ? JSON.stringify(value) : (names.get(String(value)) ?? String(value));
}

/** Fields that are not the same before and after, in words. */
function differences({ before, after }: AuditView, of: Names): string[] {
  const [old, now]: [Record<string, unknown>, Record<string, unknown>] = [before ?? {}, after ?? {}];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => name !== 'version');
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]) && !(old[name] == null && now[name] == null))
    .map((name) => {
      const word = WORDS[name] ?? name;
      return before && after ? `${word}: ${said(old[name], of)} → ${said(now[name], of)}` : `${word}: ${said(after ? now[name] : old[name], of)}`;
    });
}

function Differences({ lines }: { lines: string[] }) {
  if (lines.length === 0) return <Text span inherit c="dimmed">–</Text>;
  return <>{lines.map((line) => <Text key={line} size="xs" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>{line}</Text>)}</>;
}
