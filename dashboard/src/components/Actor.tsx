// Who did something, as people say it: the API's `person:ada@example.com` is "ada@example.com".

import { Text, Tooltip } from '@mantine/core';
import { shortDid } from './Copy';

/** What each of Reeve's own jobs does. */
const JOBS: Record<string, string> = {
  reconcile: 'brings proxies in step',
  expire_grants: 'ends grants whose time is up',
  retire_keys: 'ends keys that were replaced',
  rotate_keys: 'replaces keys that are too old',
  repoint_agents: 'sends agents away from proxies that do not answer',
  remove_proxies: 'forgets proxies that were removed',
  enforcement: 'checks that proxies really refuse',
};

export function actorText(actor: string): string {
  const [kind, ...rest] = actor.split(':');
  const name = rest.join(':');
  switch (kind) {
    case 'admin': return 'Bootstrap token';
    case 'person': return name;
    case 'token': return `Token ${name}`;
    case 'job': return `CI job ${name}`;
    case 'anonymous': return 'Somebody unknown';
    case 'agent': return `Agent ${shortDid(name)}`;
    case 'system': return 'Reeve';
    default: return actor;
  }
}

export function Actor({ actor }: { actor: string }) {
  const job = actor.startsWith('system:') ? actor.slice('system:'.length) : undefined;
  const why = job ? `${job}: ${JOBS[job] ?? 'a job of Reeve'}` : actor.startsWith('agent:') ? actor.slice('agent:'.length) : undefined;
  const text = <Text span inherit c={job ? 'dimmed' : undefined} style={{ overflowWrap: 'anywhere' }} tabIndex={why ? 0 : undefined}>{actorText(actor)}</Text>;
  return why ? <Tooltip label={why} multiline maw={360}>{text}</Tooltip> : text;
}
