// A state as a dot and a word. The word is text in the page's own colour, so that it can be read in both schemes and
// without seeing colours; the dot helps the eye.

import { Group, Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Status.module.css';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';

/** Every state word of the API, and how it looks. */
const TONES: Record<string, Tone> = {
  active: 'good', applied: 'good', approved: 'good', connected: 'good', converged: 'good', done: 'good', ready: 'good',
  current: 'good', ok: 'good', yes: 'good', held: 'good', proven: 'good', on: 'good',
  pending: 'busy', revoking: 'busy', retiring: 'busy', closing: 'busy', draining: 'busy', behind: 'busy', unknown: 'busy',
  adopted: 'busy', connecting: 'busy',
  warning: 'warn', avoided: 'warn', frozen: 'warn', parked: 'warn', degraded: 'warn', 'not-live': 'warn', changed: 'warn',
  missing: 'warn', extra: 'warn', duplicate: 'warn', shadowed: 'warn', expired: 'warn', withheld: 'warn',
  failed: 'bad', rejected: 'bad', rejecting: 'bad', critical: 'bad', unreachable: 'bad', unsupported: 'bad', denied: 'bad',
  no: 'bad', 'not-held': 'bad', unauthorized: 'bad', wiped: 'bad', leaking: 'bad',
  inactive: 'off', offline: 'off', revoked: 'off', disabled: 'off', skipped: 'off', env: 'off', foreign: 'off', info: 'off',
  off: 'off', ended: 'off',
};

export const toneOf = (state: string): Tone => TONES[state] ?? 'off';

interface Props {
  /** A state as the API writes it. */
  state: string;
  /** What to say in place of the state's own word. */
  label?: ReactNode;
  tone?: Tone;
  /** More, on hover and focus. */
  why?: string | null;
}

export function Status({ state, label, tone = toneOf(state), why }: Props) {
  const shown = (
    <Group gap={7} wrap="nowrap" component="span" display="inline-flex" tabIndex={why ? 0 : undefined}>
      <span className={classes.dot} data-tone={tone} aria-hidden />
      <Text span inherit className={why ? classes.more : undefined} style={{ whiteSpace: 'nowrap' }}>
        {label ?? state.replaceAll('-', ' ')}
      </Text>
    </Group>
  );
  return why ? <Tooltip label={why} multiline maw={360}>{shown}</Tooltip> : shown;
}
