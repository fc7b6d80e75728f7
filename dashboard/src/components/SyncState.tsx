// How far something is on the fleet, in one line: "on 2 of 3 proxies", with what is missing on hover, and the way to its receipt.

import { Anchor, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Sync } from '../api/schema';
import { Status } from './Status';

const proxies = (n: number) => (n === 1 ? '1 proxy' : `${n} proxies`);

export function syncText(sync: Sync): string {
  const total = sync.proxies.length;
  const done = sync.proxies.filter((p) => p.state === 'applied').length;
  if (sync.state === 'skipped') return 'no proxy yet';
  if (total === 0) return sync.state === 'applied' ? 'on no proxy yet' : sync.state;
  if (done === total) return total === 1 ? 'on 1 proxy' : `on all ${proxies(total)}`;
  return `on ${done} of ${proxies(total)}`;
}

/** Which proxies are missing, and why. */
function missing(sync: Sync): string | undefined {
  const late = sync.proxies.filter((p) => p.state !== 'applied');
  if (late.length === 0) return sync.proxies.map((p) => p.proxyName).join(', ') || undefined;
  return late.map((p) => `${p.proxyName}: ${p.errorMessage ?? (p.state === 'failed' ? 'given up' : 'on its way')}`).join('; ');
}

const NAMED = 4;
const WORDS: Record<Sync['state'], string> = { applied: 'in step', pending: 'on its way', failed: 'given up', skipped: 'not yet' };

/** Each proxy with how far it is, where there are few; else in one line. */
export function OnProxies({ sync }: { sync: Sync }) {
  if (sync.proxies.length === 0 || sync.proxies.length > NAMED) return <SyncState sync={sync} />;
  return (
    <Stack gap={2}>
      {sync.proxies.map((p) => (
        <Status key={p.proxyId} state={p.state} label={`${p.proxyName}: ${WORDS[p.state]}`} why={p.errorMessage} />
      ))}
    </Stack>
  );
}

/** `link`: to the receipt of the newest change. */
export function SyncState({ sync, link }: { sync: Sync; link?: boolean }) {
  const empty = sync.state === 'applied' && sync.proxies.length === 0;
  const status = <Status state={sync.state} label={syncText(sync)} tone={empty ? 'off' : undefined} why={missing(sync)} />;
  if (!link || !sync.revision) return status;
  return (
    <Anchor component={Link} to={`/changes/${sync.revision}`} inherit c="inherit" underline="hover" aria-label={`${syncText(sync)}: see change ${sync.revision}`}>
      {status}
    </Anchor>
  );
}
