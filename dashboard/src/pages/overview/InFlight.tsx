// Changes that are not yet true everywhere.

import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ChangesInFlight } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { Sentence } from '../changes/describe';
import classes from './Attention.module.css';

export function InFlight({ changes }: { changes: ChangesInFlight }) {
  const more = changes.count - changes.items.length;
  return (
    <Panel
      title="Changes in flight"
      lead={changes.count === 0 ? 'Everything that was asked for is done.' : `${changes.count.toLocaleString('en')} on their way`}
      actions={<Anchor component={Link} to="/changes" search={{ state: 'open' } as never} size="sm">{more > 0 ? `All ${changes.count}` : 'Changes'}</Anchor>}
      flush
    >
      {changes.items.length > 0 && (
        <Stack gap={0} component="ul" className={classes.list}>
          {changes.items.map((c) => (
            <Box component="li" key={c.revision} className={classes.line}>
              <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
                <Text size="sm" component="div"><Sentence change={c} /></Text>
                <Text size="xs" c="dimmed"><Time at={c.at} /></Text>
              </Group>
              <Group gap="sm" mt={4} fz="xs">
                <Status state={c.state} />
                <Text size="xs" c="dimmed">
                  {[
                    c.proxiesPending > 0 && `${c.proxiesPending} ${c.proxiesPending === 1 ? 'proxy' : 'proxies'} to go`,
                    c.proxiesFailed > 0 && `given up on ${c.proxiesFailed}`,
                    c.agentsPending > 0 && `${c.agentsPending} ${c.agentsPending === 1 ? 'agent' : 'agents'} to answer`,
                  ].filter(Boolean).join(' · ')}
                </Text>
                <Anchor component={Link} to={`/changes/${c.revision}`} size="xs">Change {c.revision}</Anchor>
              </Group>
            </Box>
          ))}
        </Stack>
      )}
    </Panel>
  );
}
