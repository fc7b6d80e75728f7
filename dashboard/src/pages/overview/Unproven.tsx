// Rights that were taken away and are not yet proven to be refused everywhere.

import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { Revocations } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import classes from './Attention.module.css';

export function Unproven({ revocations }: { revocations: Revocations }) {
  return (
    <Panel
      title="Revocations without proof"
      lead={revocations.count === 0 ? 'Every right that was taken away has been refused by every proxy.' : 'Taken away; not every proxy has refused it yet.'}
      flush
    >
      {revocations.items.length > 0 && (
        <Stack gap={0} component="ul" className={classes.list}>
          {revocations.items.map((r) => (
            <Box component="li" key={`${r.modelId} ${r.realmId}`} className={classes.line}>
              <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
                <Text size="sm" component="div">
                  <Status state="revoking" label={<Anchor component={Link} to={`/models/${r.modelId}`} inherit fw={640} c="inherit">{r.litellmModelName}</Anchor>} /> from{' '}
                  <Anchor component={Link} to={`/realms/${r.realmSlug}`} inherit>{r.realmSlug}</Anchor>
                </Text>
                <Text size="xs" c="dimmed"><Time at={r.since} /></Text>
              </Group>
              <Group gap="xs" mt={2}>
                {r.waitingFor.length > 0 && (
                  <Text size="xs" c="dimmed">
                    waits for{' '}
                    {r.waitingFor.map((name, n) => <Fragment key={name}>{n > 0 && ', '}<Anchor component={Link} to={`/proxies/${name}`} inherit>{name}</Anchor></Fragment>)}
                  </Text>
                )}
                {r.revision && <Anchor component={Link} to={`/changes/${r.revision}`} size="xs">Change {r.revision}</Anchor>}
              </Group>
            </Box>
          ))}
        </Stack>
      )}
    </Panel>
  );
}
