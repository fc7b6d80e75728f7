// One row of the record: who, how that was known, from where, what changed, and its place in the chain.

import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconFingerprint, IconShieldX, IconUser } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AuditView } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { Copy } from '../../components/Copy';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { Facts } from '../../components/Panel';
import { exactTime, Time } from '../../components/Time';
import { aboutOf, refusalText, type Names } from './about';
import { Changed } from './Changed';
import { actionWords, authWords, isRefusal } from './words';

interface Props {
  row?: AuditView;
  names: Names;
  onClose: () => void;
  /** Shows what one of them did, or what happened to one. */
  onFilter: (filter: { actor?: string; subject?: string }) => void;
}

export function Row({ row, names, onClose, onFilter }: Props) {
  return (
    <Dialog beside opened={row !== undefined} onClose={onClose} size="lg" title={row ? actionWords(row.action) : ''}>
      {row && <Body row={row} names={names} onFilter={onFilter} />}
    </Dialog>
  );
}

function Body({ row, names, onFilter }: { row: AuditView } & Pick<Props, 'names' | 'onFilter'>) {
  const about = aboutOf(row, names);
  const auth = authWords(row.auth);
  const name = <>{about.kind && <Text span inherit c="dimmed">{about.kind} </Text>}{about.name}</>;
  return (
    <Stack gap="lg">
      {isRefusal(row.action) && <Notice tone="bad" icon={IconShieldX} title="Refused: nothing was done">{refusalText(row)}</Notice>}
      <Facts
        items={[
          ['Who', <Stack key="who" gap={0}><span><Actor actor={row.actor} /></span><Text size="xs" c="dimmed" ff="monospace">{row.actor}</Text></Stack>],
          ['How that is known', <Stack key="auth" gap={0}><span>{auth.words}</span>{auth.id && <Text size="xs" c="dimmed" ff="monospace">{auth.id}</Text>}</Stack>],
          ['From', row.address ?? 'inside Reeve'],
          ['When', <Stack key="when" gap={0}><span>{exactTime(row.at)}</span><Text size="xs" c="dimmed"><Time at={row.at} /></Text></Stack>],
          ['About', (
            <Stack key="about" gap={0}>
              {about.to ? <Anchor component={Link} to={about.to} inherit>{name}</Anchor> : <span>{name}</span>}
              {about.name !== row.subject && <Text size="xs" c="dimmed" ff="monospace">{row.subject}</Text>}
            </Stack>
          )],
          ['Action', <Text key="action" span inherit ff="monospace" fz="0.92em">{row.action}</Text>],
          ['Change', isRefusal(row.action) ? undefined : row.revision ? <Anchor key="revision" component={Link} to={`/changes/${row.revision}`} inherit>Change {row.revision}</Anchor> : 'none: agents and proxies do not notice it'],
          ['Request', row.requestId && <Copy key="request" text={row.requestId} label="Copy the request’s id" />],
        ]}
      />
      <Group gap="xs">
        <Button size="xs" variant="default" leftSection={<IconUser size={14} aria-hidden />} onClick={() => onFilter({ actor: row.actor })}>Everything this actor did</Button>
        {row.action !== 'refused' && (
          <Button size="xs" variant="default" leftSection={<IconFingerprint size={14} aria-hidden />} onClick={() => onFilter({ subject: row.subject })}>Everything about this subject</Button>
        )}
      </Group>
      <Changed row={row} />
      <Stack gap="xs">
        <Text fw={600} size="sm">In the chain</Text>
        <Text size="sm" c="dimmed">Row {row.seq.toLocaleString('en')}. Its hash is over all that stands here and over the row before it.</Text>
        <Facts items={[['Hash', <Copy key="hash" text={row.hash} />], ['Hash of the row before', <Copy key="prev" text={row.prevHash} />]]} />
      </Stack>
    </Stack>
  );
}
