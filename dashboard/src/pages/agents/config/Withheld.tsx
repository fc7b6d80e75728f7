// That the agent may use nothing now: why, and what changes it.

import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AgentView, LlmConfigView } from '../../../api/schema';
import { Notice } from '../../../components/Notice';

/** By the code of the detail. */
const NEXT: Record<string, string> = {
  'no-grant': 'Grant a model to one of its realms, or have it join a realm that has one.',
  converging: 'Nothing has to be done: it gets a config as soon as a proxy has all the parts. Meanwhile it keeps what it may still use.',
  'no-proxy': 'Register a proxy, or change the placement of the realm.',
  frozen: 'It has what it had again as soon as it is unfrozen.',
  'no-api-key': 'Type the key again under Manual.',
  expired: 'Grant the model anew.',
};

export function Withheld({ agent, config }: { agent: AgentView; config: LlmConfigView }) {
  const { code, message } = config.detail ?? { code: 'unavailable', message: 'There is nothing that it may use now.' };
  const next = NEXT[code];
  const realm = agent.realms[0];
  const about = code === 'no-proxy' ? { to: '/proxies', label: 'Proxies' } : realm ? { to: `/realms/${realm.slug}`, label: realm.name } : undefined;
  return (
    <Notice tone="warn" icon={IconHandStop} title="Nothing may be used now">
      <Stack gap={6}>
        <Text size="sm">{message} <Code>{code}</Code></Text>
        <Group justify="space-between" gap="xs">
          {next && <Text size="sm" c="dimmed">{next}</Text>}
          {about && <Button component={Link} to={about.to} size="compact-xs" variant="default">{about.label}</Button>}
        </Group>
      </Stack>
    </Notice>
  );
}
