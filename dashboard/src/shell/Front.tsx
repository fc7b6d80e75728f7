// The frame of the pages before one is signed in.

import { Box, Paper, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import classes from './Front.module.css';

export function Front({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useDocumentTitle(`${title} · Reeve`);
  return (
    <Box component="main" className={classes.front}>
      <Stack w="100%" maw={400} gap="lg">
        <Stack gap={6} align="center">
          <img src="/favicon.svg" alt="" width={44} height={44} />
          <Title order={1} fz={22}>{title}</Title>
          {lead && <Text c="dimmed" size="sm" ta="center">{lead}</Text>}
        </Stack>
        <Paper withBorder p="lg" radius="lg">{children}</Paper>
      </Stack>
    </Box>
  );
}
