// What a receipt says, worked out once for all its sections: how far each proxy is, what is waited for, and how it ends.

import { inTheWay } from '../../api/fleet';
import type { ObjectReceipt, ProxyReceipt, ProxyView, Receipt } from '../../api/schema';
import type { Tone } from '../../components/Status';

export interface ProxyTold {
  id: string;
  /** Null: it has left the registry. */
  name: string | null;
  objects: ObjectReceipt[];
  state: 'done' | 'pending' | 'parked' | 'gone';
  done: number;
  /** When the last object was done, if all are. */
  at?: string;
  /** The proxy as it is now, where that may be read. */
  now?: ProxyView;
  /** Why it cannot be brought in line now. */
  way?: string;
}

export interface Told {
  receipt: Receipt;
  /** A right is taken away: it ends with a proof. */
  takesAway: boolean;
  proxies: ProxyTold[];
  /** Not done, and something is in the way. */
  blocked: ProxyTold[];
  /** Not done, and nothing is in the way. */
  moving: ProxyTold[];
  parked: ProxyTold[];
  /** When the last proxy of those that can be reached was done; of a revocation, when it had refused. */
  doneAt?: string;
}

const ORDER = ['deployment', 'team', 'key', 'revocation'];
const latest = (times: (string | null | undefined)[]) => times.filter((at): at is string => Boolean(at)).sort().at(-1);

function told(proxy: ProxyReceipt, fleet?: ProxyView[]): ProxyTold {
  const name = proxy.proxyName ?? null;
  const done = proxy.objects.filter((o) => o.state === 'done').length;
  const state = name === null ? 'gone'
    : proxy.objects.some((o) => o.state === 'parked') ? 'parked'
      : done < proxy.objects.length ? 'pending' : 'done';
  const now = fleet?.find((p) => p.id === proxy.proxyId);
  return {
    id: proxy.proxyId, name, done, state, now,
    // As they were done; what is not done yet, in the order that it will be.
    objects: [...proxy.objects].sort((a, b) => (a.at ?? '~').localeCompare(b.at ?? '~') || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)),
    at: state === 'done' ? latest(proxy.objects.map((o) => o.at)) : undefined,
    way: now && inTheWay(now),
  };
}

export function tell(receipt: Receipt, fleet?: ProxyView[]): Told {
  const proxies = receipt.proxies.map((p) => told(p, fleet));
  const open = proxies.filter((p) => p.state === 'pending');
  const takesAway = receipt.proxies.some((p) => p.objects.some((o) => o.kind === 'revocation'));
  const counted = proxies.filter((p) => p.state === 'done').flatMap((p) => p.objects);
  const ends = takesAway ? counted.filter((o) => o.kind === 'revocation') : counted;
  return {
    receipt, proxies, takesAway,
    blocked: open.filter((p) => p.way),
    moving: open.filter((p) => !p.way),
    parked: proxies.filter((p) => p.state === 'parked'),
    doneAt: latest(ends.map((o) => o.at)),
  };
}

/** "0.31 s", "4 min 2 s". */
export function elapsed(from: string, to: string): string {
  const ms = Math.max(0, new Date(to).getTime() - new Date(from).getTime());
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export const names = (proxies: ProxyTold[]) => {
  const all = proxies.map((p) => p.name ?? 'a proxy');
  return all.length > 3 ? `${all.slice(0, 2).join(', ')} and ${all.length - 2} more` : new Intl.ListFormat('en').format(all);
};

export interface Verdict {
  tone: Tone;
  title: string;
  detail: string;
}

const count = (n: number, word: string) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
export const proxyCount = (n: number) => (n === 1 ? '1 proxy' : `${n} proxies`);

/** The end of the timeline, in a line or two. */
export function verdict(t: Told): Verdict {
  const { receipt, takesAway, blocked, moving, parked, doneAt } = t;
  const counts = receipt.agents;
  const here = t.proxies.filter((p) => p.state !== 'gone');
  const done = here.filter((p) => p.state === 'done');
  const after = doneAt ? ` after ${elapsed(receipt.at, doneAt)}` : '';
  const agents = counts.connected === 0 ? (counts.concerned ? ` ${count(counts.concerned, 'agent')} will get it when connecting.` : '')
    : ` ${counts.applied} of ${count(counts.connected, 'connected agent')} ${counts.applied === 1 ? 'runs what it should' : 'run what they should'}.`;
  if (parked.length > 0) {
    return {
      tone: 'bad',
      title: `Stopped on ${names(parked)}`,
      detail: takesAway
        ? 'The proxy refused to carry it out, so the old right is not proven to be gone there. It needs you: see what it said below.'
        : 'The proxy refused to carry it out. It is not tried again by itself: see what it said below.',
    };
  }
  if (receipt.state === 'converged') {
    if (here.length === 0 && counts.concerned === 0) return { tone: 'good', title: 'Done', detail: 'It concerns no proxy and no agent.' };
    if (takesAway) return { tone: 'good', title: `Proven${after}`, detail: `Every proxy was asked with the old right and has refused it.${agents}` };
    if (here.length === 0) return { tone: 'good', title: 'Done', detail: `Nothing had to change on a proxy.${agents}` };
    return { tone: 'good', title: `Live on ${here.length === 1 ? names(here) : `all ${proxyCount(here.length)}`}${after}`, detail: agents.trim() };
  }
  if (moving.length === 0 && blocked.length > 0) {
    const when = `Waits for ${names(blocked)}, which cannot be brought in line now.`;
    if (done.length === 0) return { tone: 'warn', title: 'No proxy has it yet', detail: when };
    return takesAway
      ? { tone: 'warn', title: `Refused by every reachable proxy${after}`, detail: `${when} It is asked as soon as it answers; until it has refused too, this stays open.` }
      : { tone: 'warn', title: `Live on every reachable proxy${after}`, detail: `${when} It gets this as soon as it answers.${agents}` };
  }
  if (moving.length > 0) {
    return { tone: 'busy', title: 'On its way', detail: `${done.length} of ${proxyCount(here.length)} ${takesAway ? (done.length === 1 ? 'has refused' : 'have refused') : (done.length === 1 ? 'has it' : 'have it')}. Waits for ${names(moving)}.` };
  }
  return { tone: 'busy', title: 'On its way to the agents', detail: `The proxies are done${after}.${agents}` };
}
