// One figure of the overview; the whole tile is the way to what it counts, and each part of its note to what that counts.

import { Group, Paper, Text } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { Fragment, type MouseEvent, type ReactNode } from 'react';
import { Status, type Tone } from '../../components/Status';
import classes from './Tile.module.css';

/** How many of something, and the path and query of the list of them. */
export interface Part {
  n: number;
  word: string;
  to?: string;
}

interface Props {
  label: string;
  value: number;
  of?: number;
  /** Path and query of the list. */
  to: string;
  tone: Tone;
  /** Those of which there are any are shown. */
  parts?: Part[];
  /** What stands there else. */
  note: string;
}

export function Tile({ label, value, of, to, tone, parts = [], note }: Props) {
  const shown = parts.filter(({ n }) => n > 0);
  return (
    <Paper withBorder className={classes.tile}>
      <Way to={to} className={classes.way} name={`${label}: ${value}${of === undefined ? '' : ` of ${of}`}`}>
        <Text fz={13} c="dimmed" span><Status state={label} label={label} tone={tone} /></Text>
      </Way>
      <Group gap={6} align="baseline" mt={6}>
        <Text fz={28} fw={650} lh={1.1}>{value.toLocaleString('en')}</Text>
        {of !== undefined && <Text c="dimmed" size="sm">of {of.toLocaleString('en')}</Text>}
      </Group>
      <Text size="xs" c="dimmed" mt={4}>
        {shown.length === 0 && note}
        {shown.map(({ n, word, to }, at) => (
          <Fragment key={word}>
            {at > 0 && ' · '}
            {to ? <Way to={to} className={classes.part}>{n.toLocaleString('en')} {word}</Way> : `${n.toLocaleString('en')} ${word}`}
          </Fragment>
        ))}
      </Text>
    </Paper>
  );
}

interface WayProps {
  to: string;
  className?: string;
  /** What it is called where the figure stands beside it. */
  name?: string;
  children: ReactNode;
}

function Way({ to, className, name, children }: WayProps) {
  const router = useRouter();
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    router.history.push(to);
  };
  return <a href={to} className={className} aria-label={name} onClick={go}>{children}</a>;
}
