// What is wrong, or will be, the gravest first; each line leads to what it is about.

import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Attention as Line } from '../../api/schema';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import classes from './Attention.module.css';

export function Attention({ items }: { items: Line[] }) {
  return (
    <Panel title="Needs attention" lead={items.length > 0 ? undefined : 'Everything is as it should be.'} flush>
      {items.length === 0 ? (
        <Empty icon={IconShieldCheck} title="Nothing wants attention">
          Proxies that do not answer, documents that agents refuse, grants that end and revocations without proof would stand here.
        </Empty>
      ) : (
        <Stack gap={0} component="ul" className={classes.list}>
          {items.map((line) => (
            <Box component="li" key={`${line.kind} ${line.subject} ${line.text}`} className={classes.line}>
              <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
                <Text size="sm" component="div">
                  <Status state={line.severity} label={<b>{line.name}</b>} />{' '}
                  <Text span inherit className={classes.severity}>{line.severity}</Text>
                </Text>
                {line.since && <Text size="xs" c="dimmed"><Time at={line.since} /></Text>}
              </Group>
              <Text size="sm" mt={2} className={classes.text}>{line.text}</Text>
              <Group gap="xs" mt={2}>
                <Place subject={line.subject} kind={line.kind} />
                <Text size="xs" c="dimmed" className={classes.todo}>{line.todo}</Text>
              </Group>
            </Box>
          ))}
        </Stack>
      )}
    </Panel>
  );
}

/** Where the page about it is. */
function Place({ subject, kind }: { subject: string; kind: string }) {
  const [area = '', id = ''] = subject.split(/\/(.*)/s);
  const to = (() => {
    switch (area) {
      case 'proxy': return `/proxies/${id}`;
      case 'realm': return `/realms/${id}`;
      case 'model': return `/models/${id}`;
      case 'agent': return `/agents/${id}`;
      case 'agents': return '/agents';
      case 'installation': return kind === 'bootstrap-token' ? '/settings' : '/proxies';
      default: return undefined;
    }
  })();
  const search = area === 'agents' ? { status: kind === 'agents-waiting' ? 'pending' : undefined, live: kind === 'documents-rejected' ? 'rejecting' : undefined } : {};
  return to ? <Anchor component={Link} to={to} search={search as never} size="xs">Look at it</Anchor> : null;
}
