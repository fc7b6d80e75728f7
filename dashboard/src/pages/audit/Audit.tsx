// The audit record: who did what, or tried to, and how it was before and after.

import { Button, Code, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask, type Page as PageOf } from '../../api/client';
import type { AuditView } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { DataTable, type Column, type Wanted } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { Export } from './Export';
import { Row } from './Row';
import { Subject } from './Subject';

const RANGES: [label: string, hours: number][] = [['The last hour', 1], ['The last day', 24], ['The last week', 168], ['The last 30 days', 720]];

export interface Filters {
  actor?: string;
  action?: string;
  subject?: string;
  since?: string;
  until?: string;
}

export function Audit() {
  const [url, setUrl] = useUrl();
  const [opened, setOpened] = useState<AuditView>();
  const filters: Filters = { actor: url.actor, action: url.action, subject: url.subject, since: url.since, until: url.until };
  const load = async ({ limit, cursor }: Wanted): Promise<PageOf<AuditView>> => {
    const page = await ask(api.GET('/api/audit', { params: { query: { ...filters, limit, cursor } } }));
    // The same operation answers with text where a format is asked for.
    return typeof page === 'string' ? { items: [] } : page;
  };
  const columns: Column<AuditView>[] = [
    {
      label: 'What', text: (r) => r.action,
      cell: (r) => (
        <Button variant="transparent" size="compact-sm" p={0} c="inherit" fw={550} onClick={() => setOpened(r)} aria-label={`Row ${r.seq}: ${r.action}`}>
          {r.action === 'refused' ? <Status state="denied" label="refused" /> : r.action}
        </Button>
      ),
    },
    { label: 'About', cell: (r) => <Subject subject={r.subject} />, text: (r) => r.subject },
    { label: 'Who', cell: (r) => <Actor actor={r.actor} />, text: (r) => r.actor },
    { label: 'From', from: 'md', cell: (r) => r.address ?? '–', text: (r) => r.address },
    { label: 'Row', from: 'lg', right: true, cell: (r) => r.seq, text: (r) => r.seq },
    { label: 'When', right: true, cell: (r) => <Time at={r.at} />, text: (r) => r.at },
  ];
  return (
    <Page
      title="Audit"
      lead={<>Every change and every refused attempt. Each row holds the hash of the one before it: <Code>reeve audit verify</Code> finds a row that was changed, removed or moved.</>}
      actions={<Export filters={filters} />}
    >
      <Panel flush>
        <DataTable<AuditView>
          name="Audit" queryKey={['audit', filters]} load={load} columns={columns} rowKey={(r) => String(r.seq)}
          filters={
            <Group gap="xs">
              <Word label="Actor" name="actor" />
              <Word label="Action" name="action" />
              <Word label="Subject" name="subject" />
              <Select
                size="xs" w={150} aria-label="Time" placeholder="Any time" clearable
                data={RANGES.map(([label]) => label)}
                value={url.range ?? null}
                onChange={(range) => {
                  const hours = RANGES.find(([label]) => label === range)?.[1];
                  setUrl({ range: range ?? undefined, since: hours ? new Date(Date.now() - hours * 3_600_000).toISOString() : undefined, cursor: undefined });
                }}
              />
            </Group>
          }
          empty={<Empty icon={IconFingerprint} title="Nothing has happened yet">Every change is a row here, and so is every attempt that was refused.</Empty>}
        />
      </Panel>
      <Row row={opened} onClose={() => setOpened(undefined)} />
    </Page>
  );
}

/** A filter that is typed; exact, as the API takes it. */
function Word({ label, name }: { label: string; name: 'actor' | 'action' | 'subject' }) {
  const [url, setUrl] = useUrl();
  const later = useDebouncedCallback((value: string) => setUrl({ [name]: value, cursor: undefined }), 300);
  return (
    <TextInput
      // What the URL says may change from elsewhere, such as by a link in a row.
      key={url[name] ?? ''}
      size="xs" w={150} aria-label={label} placeholder={label} defaultValue={url[name] ?? ''}
      onChange={(event) => later(event.currentTarget.value.trim())}
    />
  );
}
