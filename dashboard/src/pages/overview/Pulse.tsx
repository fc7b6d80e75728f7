// The last hour: how fast documents reached agents, and what was changed on proxies.

import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Minute } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { Sparkline } from '../../components/Sparkline';

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const ms = (value?: number | null) => (value === null || value === undefined ? '–' : value < 1000 ? `${value} ms` : `${(value / 1000).toFixed(1)} s`);

export function Pulse({ minutes }: { minutes: Minute[] }) {
  const pushes = sum(minutes.map((m) => m.pushes));
  const calls = sum(minutes.map((m) => m.calls));
  const failed = sum(minutes.map((m) => m.failedCalls));
  const slowest = Math.max(0, ...minutes.map((m) => m.p95Ms ?? 0));
  const last = minutes.findLast((m) => m.pushes > 0);
  return (
    <Panel title="The last hour" lead="Without the minute that is not over.">
      <Stack gap="lg">
        <Row
          name="Push latency" to="/agents" search={{ status: 'approved', live: 'connected' }} figures={[['newest p50', ms(last?.p50Ms)], ['newest p95', ms(last?.p95Ms)], ['documents', pushes.toLocaleString('en')]]}
          values={minutes.map((m) => m.p95Ms ?? null)} label={`Time from a document to the agent's answer, 95 of 100, by minute; at most ${ms(slowest)}`}
        />
        <Row
          name="Calls to proxies" to="/changes" figures={[['in the hour', calls.toLocaleString('en')], ['failed', failed.toLocaleString('en')]]}
          values={minutes.map((m) => m.calls)} label={`Calls that changed something on proxies, by minute: ${calls}, of which ${failed} failed`}
        />
      </Stack>
    </Panel>
  );
}

interface RowProps {
  name: string;
  to: string;
  search?: Record<string, string>;
  figures: [string, string][];
  values: (number | null)[];
  label: string;
}

function Row({ name, to, search, figures, values, label }: RowProps) {
  return (
    <Box>
      <Group justify="space-between" gap="xs" mb={4}>
        <Anchor component={Link} to={to} search={search as never} size="sm" fw={550} c="inherit">{name}</Anchor>
        <Group gap="sm">
          {figures.map(([word, value]) => <Text size="xs" key={word}><Text span inherit c="dimmed">{word}</Text> {value}</Text>)}
        </Group>
      </Group>
      <Sparkline values={values} label={label} />
    </Box>
  );
}
