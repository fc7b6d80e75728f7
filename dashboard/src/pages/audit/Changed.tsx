// Before and after: the fields that differ, in words and with signs; or the two views in full.

import { Code, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { AuditView } from '../../api/schema';
import { exactTime } from '../../components/Time';
import { differences, fields, isBookkeeping, isMoment, shown, type Difference } from './diff';
import classes from './audit.module.css';

export function Changed({ row }: { row: AuditView }) {
  const [view, setView] = useState<'fields' | 'json'>('fields');
  if (!row.before && !row.after) return <Text size="sm" c="dimmed">This action changes nothing that the record shows, so there is no before and after.</Text>;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={600} size="sm">{title(row)}</Text>
        <SegmentedControl
          size="xs" aria-label="How to show it" value={view} onChange={(value) => setView(value === 'json' ? 'json' : 'fields')}
          data={[{ value: 'fields', label: row.before && row.after ? 'What differs' : 'Fields' }, { value: 'json', label: 'Full JSON' }]}
        />
      </Group>
      {view === 'json' ? <Json row={row} /> : row.before && row.after ? <Differences row={row} /> : <Single view={row.before ?? row.after} />}
    </Stack>
  );
}

function title({ action, before, after }: AuditView): string {
  if (before && after) return 'What changed';
  if (before) return /delete|leave|revoke|unfreeze/.test(action) ? 'As it was; it is gone since' : 'As it was';
  return /create|grant|freeze|join|enroll|adopt/.test(action) ? 'As it was made' : 'What the row says';
}

function Json({ row }: { row: AuditView }) {
  return (
    <Stack gap="xs">
      {([['Before', row.before], ['After', row.after]] as const).map(([label, view]) => (
        <div key={label}>
          <Text size="xs" c="dimmed" mb={2}>{label}</Text>
          {view ? <Code block className={classes.json} tabIndex={0} role="region" aria-label={`${label}, in full`}>{JSON.stringify(view, null, 2)}</Code> : <Text size="sm">Nothing</Text>}
        </div>
      ))}
    </Stack>
  );
}

const SIGNS: Record<Difference['kind'], string> = { added: '+', removed: '−', changed: '±' };

function Differences({ row }: { row: AuditView }) {
  const found = differences(row.before, row.after);
  const meant = found.filter((d) => !isBookkeeping(d));
  const rest = found.filter(isBookkeeping);
  return (
    <>
      {meant.length === 0 && <Text size="sm" c="dimmed">Nothing that can be seen: a secret may have been replaced, which the record never holds.</Text>}
      <ul className={classes.differences}>
        {meant.map((d, n) => (
          <li key={`${d.path} ${n}`} data-kind={d.kind}>
            <div className={classes.what}><span className={classes.sign} aria-hidden>{SIGNS[d.kind]}</span> <code>{d.path || 'the list'}</code> <span className={classes.kind}>{d.kind}</span></div>
            {d.kind !== 'added' && <Line kind="old" label="Before" value={d.before} />}
            {d.kind !== 'removed' && <Line kind="new" label="After" value={d.after} />}
          </li>
        ))}
      </ul>
      {rest.length > 0 && <Text size="xs" c="dimmed">Also {rest.map((d) => `${d.path} ${value(d.before)} → ${value(d.after)}`).join(', ')}</Text>}
    </>
  );
}

const value = (of: unknown) => (isMoment(of) ? exactTime(of) : shown(of));

function Line({ kind, label, value: of }: { kind: 'old' | 'new'; label: string; value: unknown }) {
  return (
    <div className={classes.line} data-kind={kind}>
      <span className={classes.label}>{label}</span>
      <span title={isMoment(of) ? of : undefined}>{value(of)}</span>
    </div>
  );
}

function Single({ view }: { view: unknown }) {
  return (
    <dl className={classes.single}>
      {fields(view).map(([path, of]) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd title={isMoment(of) ? of : undefined}>{value(of)}</dd>
        </div>
      ))}
    </dl>
  );
}
