// The frame of every page: where one is, what it is called, what can be done here; and how its data comes.

import { Anchor, Box, Breadcrumbs, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ProblemAlert } from './Problem';

interface Props {
  title: string;
  /** In place of the title where that is more than a text. */
  heading?: ReactNode;
  /** What the page is for, in a line. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** The list that it belongs to. */
  parent?: { label: string; to: string };
  children: ReactNode;
}

export function Page({ title, heading, lead, actions, parent, children }: Props) {
  useDocumentTitle(`${title} · Reeve`);
  return (
    <Stack gap="lg">
      <Box>
        {parent && (
          <Breadcrumbs mb={6} fz="sm">
            <Anchor component={Link} to={parent.to} inherit>{parent.label}</Anchor>
            <Text span inherit c="dimmed" truncate maw={320}>{title}</Text>
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start" gap="md">
          <Box maw={760} miw={0}>
            <Title order={1} fz={24} style={{ overflowWrap: 'anywhere' }}>{heading ?? title}</Title>
            {lead && <Text c="dimmed" mt={4} size="sm" component="div">{lead}</Text>}
          </Box>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Box>
      {children}
    </Stack>
  );
}

/** What a query answers, or that it is on its way, or why it cannot. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <ProblemAlert error={query.error} retry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <ProblemAlert error={query.error} retry={() => void query.refetch()} />;
  return (
    <Stack role="status" aria-busy aria-label="Loading">
      <Skeleton h={90} />
      <Skeleton h={220} />
    </Stack>
  );
}
