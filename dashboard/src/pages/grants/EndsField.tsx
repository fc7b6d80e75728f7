// Until when: quick choices beside the exact moment.

import { Button, Group, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { NO_END } from './ends';

const CHOICES: [string, number][] = [['1 day', 1], ['7 days', 7], ['30 days', 30], ['90 days', 90]];

/** As an input of type datetime-local wants it: the browser's own time, to the minute. */
function localTime(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

const inDays = (days: number) => localTime(new Date(Date.now() + days * 86_400_000));

interface Props {
  value: string;
  /** The end that there is, which stays when nothing is chosen. */
  now?: string | null;
  error?: ReactNode;
  onChange: (value: string) => void;
}

export function EndsField({ value, now, error, onChange }: Props) {
  return (
    <Stack gap={6}>
      <TextInput
        label="Ends" description="When the right ends by itself, in your time." type="datetime-local" error={error} value={value === NO_END ? '' : value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Group gap={6} role="group" aria-label="Quick choices for the end">
        <Button size="compact-xs" variant={value ? 'default' : 'light'} aria-pressed={!value} onClick={() => onChange('')}>{now ? 'As it is' : 'Never'}</Button>
        {now && <Button size="compact-xs" variant={value === NO_END ? 'light' : 'default'} aria-pressed={value === NO_END} onClick={() => onChange(NO_END)}>No end</Button>}
        {CHOICES.map(([label, days]) => <Button key={label} size="compact-xs" variant="default" onClick={() => onChange(inDays(days))}>{label}</Button>)}
      </Group>
    </Stack>
  );
}
