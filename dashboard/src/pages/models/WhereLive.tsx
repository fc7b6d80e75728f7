// A model on each proxy: whether it is there, and what is in the way.

import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { SyncedModelView } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';

export function WhereLive({ model }: { model: SyncedModelView }) {
  const can = useCan();
  const { proxies } = model.sync;
  return (
    <Panel title="Where it is live">
      {proxies.length === 0 && (
        <Text size="sm" c="dimmed">
          {model.status === 'inactive' ? 'Inactive: it is on no proxy.' : 'On no proxy yet. It goes to the proxies that serve a realm with a grant on it.'}
        </Text>
      )}
      <Stack gap="sm">
        {proxies.map((p) => (
          <Box key={p.proxyId}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              {can('proxies:read') ? (
                <Anchor component={Link} to={`/proxies/${p.proxyName}`} size="sm" fw={550} c="inherit" truncate>{p.proxyName}</Anchor>
              ) : (
                <Text size="sm" fw={550} truncate>{p.proxyName}</Text>
              )}
              <Text size="sm" component="span"><Status state={p.state} label={p.state === 'applied' ? (model.status === 'active' ? 'as wanted' : 'taken off') : undefined} /></Text>
            </Group>
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {p.errorMessage ?? (p.observedAt ? <>seen <Time at={p.observedAt} /></> : 'not there yet')}
            </Text>
          </Box>
        ))}
      </Stack>
    </Panel>
  );
}
