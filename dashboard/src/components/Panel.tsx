// A titled box, and the list of facts that most of them hold.

import { Box, Group, Paper, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Panel.module.css';

interface Props {
  title?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** For tables, which reach to the edge. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, lead, actions, flush, children }: Props) {
  return (
    <Paper withBorder className={classes.panel} component="section">
      {(title || actions) && (
        <Group justify="space-between" px="md" pt="sm" pb={flush ? 'sm' : 0} gap="xs">
          <Box miw={0}>
            {title && <Title order={2} fz={15}>{title}</Title>}
            {lead && <Text size="sm" c="dimmed">{lead}</Text>}
          </Box>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <Box p={flush ? 0 : 'md'} pt={flush ? 0 : 'sm'}>{children}</Box>
    </Paper>
  );
}

/** Names and values. An entry without a value is left out. */
export function Facts({ items }: { items: [label: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {items.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== '').map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
