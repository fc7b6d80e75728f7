// A step of the receipt's timeline, and a moment told from the beginning: "+0.31 s".

import { Box, Text, Title, Tooltip } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Tone } from '../../components/Status';
import classes from './Step.module.css';
import { elapsed } from './receipt';

interface Props {
  icon: Icon;
  tone: Tone;
  title: ReactNode;
  /** At the right: when, or how far. */
  aside?: ReactNode;
  children?: ReactNode;
}

export function Step({ icon: Icon, tone, title, aside, children }: Props) {
  return (
    <li className={classes.step} data-tone={tone}>
      <span className={classes.bullet} data-tone={tone} aria-hidden><Icon size={16} stroke={1.9} /></span>
      <div className={classes.head}>
        <Title order={2}>{title}</Title>
        {aside && <Text size="sm" c="dimmed" component="div">{aside}</Text>}
      </div>
      {children && <Box className={classes.body}>{children}</Box>}
    </li>
  );
}

const precise = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false,
});
export const preciseTime = (at: string) => precise.format(new Date(at));

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false });
/** Without the day, where the day is clear. */
export const preciseClock = (at: string) => clock.format(new Date(at));

/** `at`, as time since `from`. */
export function After({ from, at }: { from: string; at: string }) {
  return (
    <Tooltip label={preciseTime(at)}>
      <Text span inherit c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        <time dateTime={at}>+{elapsed(from, at)}</time>
      </Text>
    </Tooltip>
  );
}
