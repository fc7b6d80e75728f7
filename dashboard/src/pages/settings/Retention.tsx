// How long audit rows are kept.

import { Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useCan } from '../../api/me';
import { Problem } from '../../api/problem';
import type { SettingsView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Panel } from '../../components/Panel';
import { ProblemAlert } from '../../components/Problem';
import { useUpdate } from './useUpdate';

/** As the API has them, in days. */
const [SHORTEST, LONGEST] = [30, 36_500];
const CHOICES: [label: string, days: number | ''][] = [['For good', ''], ['90 days', 90], ['1 year', 365], ['7 years', 2557]];

export function Retention({ settings }: { settings: SettingsView }) {
  const can = useCan();
  const update = useUpdate(settings);
  const saved = settings.auditRetentionDays ?? '';
  const [days, setDays] = useState<number | string>(saved);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const may = can('access:write');
  const wanted = days === '' ? null : Number(days);
  const wrong = wanted !== null && (wanted < SHORTEST || wanted > LONGEST);
  const shorter = wanted !== null && (saved === '' || wanted < saved);
  const store = () => update({ auditRetentionDays: wanted }, wanted === null ? 'Audit rows are kept for good' : `Audit rows are kept for ${wanted} days`);
  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await store();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const refused = error === undefined ? undefined : Problem.from(error);
  return (
    <Panel title="Audit retention" lead="Rows that are older go, about once a day. The row that says so is in the chain and holds the hash of the last one, so that the rest can still be proven.">
      <Stack gap="sm">
        <Text size="sm">{saved === '' ? 'Rows are kept for good.' : `Rows are kept for ${saved.toLocaleString('en')} days.`}</Text>
        {may && (
          <form onSubmit={(event) => { event.preventDefault(); if (shorter) setAsking(true); else void save(); }}>
            <Group align="flex-end" gap="sm">
              <NumberInput
                label="Days" w={150} placeholder="for good" min={SHORTEST} max={LONGEST} clampBehavior="none" allowDecimal={false} allowNegative={false} thousandSeparator=","
                value={days} onChange={setDays} error={wrong ? `${SHORTEST} to ${LONGEST.toLocaleString('en')}` : refused?.field === 'auditRetentionDays' && refused.message}
              />
              <Group gap={6} role="group" aria-label="Quick choices">
                {CHOICES.map(([label, choice]) => (
                  <Button key={label} size="xs" variant={choice === days ? 'light' : 'default'} aria-pressed={choice === days} onClick={() => setDays(choice)}>{label}</Button>
                ))}
              </Group>
              <Button type="submit" loading={busy} disabled={wrong || wanted === (settings.auditRetentionDays ?? null)}>Save</Button>
            </Group>
          </form>
        )}
        {refused && refused.field !== 'auditRetentionDays' && <ProblemAlert error={error} />}
      </Stack>
      <Confirm opened={asking} onClose={() => setAsking(false)} title={`Keep audit rows for ${wanted ?? ''} days only?`} action="Keep it shorter" run={store}>
        Rows that are older than {wanted} days are removed and cannot be brought back. Export them first if somebody may ask for them.
      </Confirm>
    </Panel>
  );
}
