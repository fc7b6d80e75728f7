// One figure of the overview; the whole tile is the way to what it counts.

import { Group, Paper, Text } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { Status, type Tone } from '../../components/Status';
import classes from './Tile.module.css';

interface Props {
  label: string;
  value: number;
  of?: number;
  /** Path and query of the list. */
  to: string;
  tone: Tone;
  note: string;
}

export function Tile({ label, value, of, to, tone, note }: Props) {
  const router = useRouter();
  return (
    <Paper
      withBorder component="a" href={to} className={classes.tile}
      onClick={(event: React.MouseEvent) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        router.history.push(to);
      }}
    >
      <Text fz={13} c="dimmed"><Status state={label} label={label} tone={tone} /></Text>
      <Group gap={6} align="baseline" mt={6}>
        <Text fz={28} fw={650} lh={1.1}>{value.toLocaleString('en')}</Text>
        {of !== undefined && <Text c="dimmed" size="sm">of {of.toLocaleString('en')}</Text>}
      </Group>
      <Text size="xs" c="dimmed" mt={4}>{note}</Text>
    </Paper>
  );
}
