// What happened to a realm: the changes that concern it with their receipts, and its rows of the audit.

import { Anchor, SegmentedControl, Stack } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { AuditView, SyncedRealmView } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { readRows } from '../audit/rows';
import { ChangeList } from '../changes/ChangeList';

const COLUMNS: Column<AuditView>[] = [
  { label: 'Row', text: (r) => r.seq, cell: (r) => r.seq },
  { label: 'Action', text: (r) => r.action, cell: (r) => r.action },
  { label: 'By', text: (r) => r.actor, cell: (r) => <Actor actor={r.actor} /> },
  { label: 'From', from: 'md', text: (r) => r.address, cell: (r) => r.address ?? '–' },
  { label: 'Change', from: 'sm', text: (r) => r.revision, cell: (r) => (r.revision ? <Anchor component={Link} to={`/changes/${r.revision}`} inherit>{r.revision}</Anchor> : '–') },
  { label: 'When', right: true, sort: 'at', byDefault: true, text: (r) => r.at, cell: (r) => <Time at={r.at} /> },
];
/** What the audit calls a subject, below which the rows of a realm stand. */
const SUBJECTS = [
  { value: 'realm', label: 'Realm and keys' },
  { value: 'grant', label: 'Grants' },
  { value: 'member', label: 'Members' },
  { value: 'freeze/realm', label: 'Freezes' },
];

export function Activity({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  return (
    <Stack gap="md">
      {can('changes:read', realm.id) && <Panel flush title="Changes"><ChangeList realm={realm.id} prefix="changes" /></Panel>}
      {can('audit:read') && <AuditRows realm={realm} />}
    </Stack>
  );
}

function AuditRows({ realm }: { realm: SyncedRealmView }) {
  const [url, setUrl] = useUrl('audit');
  const kind = SUBJECTS.find((s) => s.value === url.of)?.value ?? 'realm';
  const subject = `${kind}/${realm.id}`;
  return (
    <Panel flush title="Audit" lead="Who did what, as it was written down in the same transaction.">
      <DataTable<AuditView>
        name={`Audit of ${realm.slug}`} prefix="audit" queryKey={['audit', subject]} load={(page) => readRows({ subject, ...page })} columns={COLUMNS} rowKey={(r) => String(r.seq)}
        filters={
          <SegmentedControl
            size="xs" data={SUBJECTS} value={kind} aria-label="What the audit rows are about"
            onChange={(of) => setUrl({ of: of === 'realm' ? undefined : of, cursor: undefined })}
          />
        }
        empty={<Empty icon={IconFingerprint} title="No rows of this kind">What is done here is written down here.</Empty>}
      />
    </Panel>
  );
}
