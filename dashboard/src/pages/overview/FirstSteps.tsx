// What a new installation still needs until the first agent has a model; gone when it is there.

import { Anchor, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Overview } from '../../api/schema';
import { useCan } from '../../api/me';
import { Panel } from '../../components/Panel';

export function FirstSteps({ view: { proxies, models, realms, agents } }: { view: Overview }) {
  const can = useCan();
  if (!proxies || !models || !realms || !agents || !can('models:write')) return null;
  const steps: [done: boolean, label: string, to: string, why: string][] = [
    [proxies.total > 0, 'Add a proxy', '/proxies', 'a LiteLLM that Reeve manages'],
    [models.active > 0, 'Register a model', '/models', 'once; it goes to the proxies by itself'],
    [realms.total > 0, 'Make a realm', '/realms', 'a team, with its agents and its budget'],
    [realms.total > realms.withoutGrants, 'Grant the model to the realm', '/realms', 'without a grant, no access'],
    [agents.total > 0, 'Enrol an agent', '/enrollment', 'a token, and one command where the agent runs'],
  ];
  if (steps.every(([done]) => done)) return null;
  return (
    <Panel title="First steps" lead="From nothing to an agent that calls a model.">
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {steps.map(([done, label, to, why], n) => (
          <Group component="li" key={label} gap="sm" wrap="nowrap">
            <ThemeIcon size={24} radius="xl" variant={done ? 'filled' : 'default'} aria-hidden>
              {done ? <IconCheck size={14} /> : <Text size="xs">{n + 1}</Text>}
            </ThemeIcon>
            <Text size="sm">
              {done ? <Text span inherit c="dimmed">{label} (done)</Text> : <Anchor component={Link} to={to} inherit fw={550}>{label}</Anchor>}
              <Text span inherit c="dimmed">: {why}</Text>
            </Text>
          </Group>
        ))}
      </Stack>
    </Panel>
  );
}
