// What the tables of this page share: a name with what tells it apart, and who made it.

import { Box, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Actor, actorText } from '../../components/Actor';
import type { Column } from '../../components/DataTable';
import { Time } from '../../components/Time';

interface Props {
  name: ReactNode;
  detail?: ReactNode;
  /** What a column of its own says on a wide screen. */
  small?: ReactNode;
}

export function Named({ name, detail, small }: Props) {
  return (
    <Box component="span" display="block" style={{ overflowWrap: 'anywhere' }}>
      <Text span inherit fw={550}>{name}</Text>
      {detail && <Text span display="block" fz={12} c="dimmed">{detail}</Text>}
      {small && <Text span fz={12} hiddenFrom="sm">{small}</Text>}
    </Box>
  );
}

export const madeColumns = <T extends { createdAt: string; createdBy: string }>(): Column<T>[] => [
  {
    label: 'Made',
    from: 'lg',
    sort: 'made',
    text: (row) => row.createdAt,
    cell: (row) => (
      <Box component="span" display="block">
        <Time at={row.createdAt} />
        <Text span display="block" fz={12} c="dimmed">by <Actor actor={row.createdBy} /></Text>
      </Box>
    ),
  },
  { label: 'By', fileOnly: true, text: (row) => actorText(row.createdBy), cell: (row) => row.createdBy },
];
