// What a proxy answered when it was asked with a right that was taken away. Many answers of one kind are told as one line.

import { Text } from '@mantine/core';
import type { EvidenceView } from '../../api/schema';
import classes from './Step.module.css';
import { preciseClock, preciseTime } from './Step';

interface Line extends EvidenceView {
  times: number;
  until: string;
}

/** Answers that are the same, one after the other. */
function lines(rows: EvidenceView[]): Line[] {
  const all: Line[] = [];
  for (const row of rows) {
    const last = all.at(-1);
    if (last && last.answer === row.answer && last.status === row.status && last.keyGeneration === row.keyGeneration) {
      last.times += 1;
      last.until = row.at;
    } else {
      all.push({ ...row, times: 1, until: row.at });
    }
  }
  return all;
}

export function Evidence({ rows }: { rows: EvidenceView[] }) {
  return (
    <ul className={classes.evidence} style={{ listStyle: 'none', marginLeft: 0 }} aria-label="Evidence">
      {lines(rows).map((line) => (
        <Text key={line.at} component="li" size="sm">
          Asked with key generation {line.keyGeneration}{line.times > 1 && <>, {line.times} times</>}:{' '}
          <b>{line.answer === 'refused' ? 'refused' : 'still allowed'}</b> with HTTP {line.status}{' '}
          <Text span inherit c="dimmed">
            at <time dateTime={line.at} title={preciseTime(line.at)}>{preciseClock(line.at)}</time>
            {line.times > 1 && <> to <time dateTime={line.until} title={preciseTime(line.until)}>{preciseClock(line.until)}</time></>}
          </Text>
        </Text>
      ))}
    </ul>
  );
}
