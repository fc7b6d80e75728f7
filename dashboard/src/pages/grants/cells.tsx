// A grant in a table: its state, with the way to the proof while it is taken away, and its end.

import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { SyncedGrantView } from '../../api/schema';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';

const SOON_MS = 7 * 86_400_000;

export function GrantState({ grant }: { grant: SyncedGrantView }) {
  if (grant.state !== 'revoking') return <Status state={grant.state} />;
  const { revision } = grant.sync;
  return (
    <Stack gap={0}>
      <Status state="revoking" why="It is taken away. It counts as revoked when every proxy has refused the old key; one that cannot be reached is asked when it answers." />
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        since <Time at={grant.since} />{revision && <>, <Anchor component={Link} to={`/changes/${revision}`} inherit underline="always">proof</Anchor></>}
      </Text>
    </Stack>
  );
}

export function GrantEnds({ grant }: { grant: SyncedGrantView }) {
  if (!grant.expiresAt) return <Text span inherit c="dimmed">never</Text>;
  const left = new Date(grant.expiresAt).getTime() - new Date().getTime();
  return grant.state === 'active' && left < SOON_MS ? <Status state="warning" label={<Time at={grant.expiresAt} />} /> : <Time at={grant.expiresAt} />;
}
