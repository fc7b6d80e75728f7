// Settings of the whole installation. Each is saved by itself.

import { Anchor, Button, Group, NumberInput, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { SettingsView, UpdateSettings } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Loaded, Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { ProblemAlert } from '../../components/Problem';
import { useDone } from '../../components/useDone';

export function Settings() {
  const query = useQuery({ queryKey: ['settings'], queryFn: () => ask(api.GET('/api/settings')) });
  return (
    <Page title="Settings" lead="Of the whole installation. What a process needs to start is in its environment: see the configuration in the docs.">
      <Loaded query={query}>
        {(settings) => (
          <Stack gap="lg">
            <Bootstrap settings={settings} />
            {/* A new version means that somebody else has saved: the field begins again from there. */}
            <Retention key={settings.version} settings={settings} />
            <Panel title="Documents">
              <Stack gap={4}>
                <Anchor href="/api/docs" size="sm">The API, to read and to try</Anchor>
                <Anchor href="/api/openapi.json" size="sm">The API document (OpenAPI 3.1)</Anchor>
              </Stack>
            </Panel>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function useUpdate(settings: SettingsView) {
  const done = useDone();
  return async (body: UpdateSettings, text: string) => {
    await ask(api.PATCH('/api/settings', { params: { header: ifMatch(settings.version) }, body }));
    done(text, undefined, 'settings', 'audit', 'overview');
  };
}

function Bootstrap({ settings }: { settings: SettingsView }) {
  const can = useCan();
  const update = useUpdate(settings);
  const [asking, setAsking] = useState(false);
  const on = settings.bootstrapTokenEnabled;
  return (
    <Panel title="Bootstrap admin token" lead="The token of the first start: whoever holds it may do everything, and the audit knows no name for them.">
      <Switch
        label={on ? 'It counts' : 'It is switched off'} checked={on} disabled={!can('access:write')}
        onChange={() => setAsking(true)}
      />
      <Confirm
        opened={asking} onClose={() => setAsking(false)} harmless={!on}
        title={on ? 'Switch the bootstrap token off?' : 'Switch the bootstrap token on?'}
        action={on ? 'Switch off' : 'Switch on'}
        run={() => update({ bootstrapTokenEnabled: !on }, on ? 'The bootstrap token is off' : 'The bootstrap token counts again')}
      >
        {on
          ? 'Every script that sends it is refused from then on; give them tokens of their own first. It is refused while nobody else is owner. You can switch it on again here.'
          : 'Whoever has the token may do everything again.'}
      </Confirm>
    </Panel>
  );
}

function Retention({ settings }: { settings: SettingsView }) {
  const can = useCan();
  const update = useUpdate(settings);
  const [days, setDays] = useState<number | string>(settings.auditRetentionDays ?? '');
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const wanted = days === '' ? null : Number(days);
  const shorter = wanted !== null && wanted < (settings.auditRetentionDays ?? Number.POSITIVE_INFINITY);
  const save = () => update({ auditRetentionDays: wanted }, 'The retention of the audit is saved');
  return (
    <Panel title="Audit retention" lead="Rows that are older are removed; a row that says so keeps the rest provable.">
      <Group align="flex-end" gap="sm">
        <NumberInput
          label="Days" description="Empty: for good" w={180} min={1} allowDecimal={false} allowNegative={false} disabled={!can('access:write')}
          value={days} onChange={setDays}
        />
        <Button
          disabled={!can('access:write') || wanted === (settings.auditRetentionDays ?? null)}
          onClick={() => (shorter ? setAsking(true) : void save().catch(setError))}
        >
          Save
        </Button>
      </Group>
      <ProblemAlert error={error} />
      <Confirm opened={asking} onClose={() => setAsking(false)} title="Keep the audit for a shorter time?" action="Keep it shorter" run={save}>
        <Text size="sm">Rows that are older than {wanted} days are removed and cannot be brought back. Export them first if somebody may ask for them.</Text>
      </Confirm>
    </Panel>
  );
}
