// The one stream of events. What it says is never shown itself: it tells which queries to ask again, so a page is
// always what the API answers. While it is lost, the shell says since when.

import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { AuditEvent } from './schema';
import { onSession, sessionEnded } from './session';

/** First words of query keys that an event concerns. */
const CONCERNS: Record<string, string[]> = {
  change: ['overview', 'models', 'realms', 'agents', 'proxies', 'credentials', 'changes', 'freezes', 'enrollment', 'explain', 'observe'],
  receipt: ['overview', 'models', 'realms', 'changes', 'proxies', 'freezes', 'explain'],
  agent: ['overview', 'agents', 'changes', 'explain'],
  agents: ['overview', 'agents', 'changes', 'explain'],
  proxy: ['overview', 'proxies', 'explain', 'observe'],
};
/** The same by kind of what an audit row is about, as far as that is not told by a change. */
const RECORDED: Record<string, string[]> = {
  person: ['access', 'me'],
  token: ['access'],
  'workload-rule': ['access'],
  'identity-provider': ['access', 'sign-in-providers'],
  'enrollment-token': ['enrollment'],
  settings: ['settings', 'overview'],
};
const EVERYTHING = [...new Set([...Object.values(CONCERNS), ...Object.values(RECORDED)].flat()), 'audit'];
/** Events come in bursts: what they concern is asked for once. */
const BURST_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** The service says at least every 15 s that it is there. */
const SILENCE_MS = 40_000;

export interface Live {
  state: 'connecting' | 'open' | 'lost';
  /** When the last sign of life came. */
  at: Date;
}

let live: Live = { state: 'connecting', at: new Date() };
const listeners = new Set<() => void>();

function set(next: Live) {
  live = next;
  for (const listener of listeners) listener();
}

export function useLive(): Live {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );
}

/** Holds the stream, while the page can be seen, until the returned function is called. */
export function follow(client: QueryClient): () => void {
  let source: EventSource | undefined;
  let last: string | undefined;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let burst: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const due = new Set<string>();

  const concern = (topics: string[]) => {
    for (const topic of topics) due.add(topic);
    burst ??= setTimeout(() => {
      burst = undefined;
      for (const topic of due) {
        // What is on its way is awaited: cut short by each next event, it would never come; and it may be older than this one.
        if (client.isFetching({ queryKey: [topic] }) > 0) continue;
        due.delete(topic);
        void client.invalidateQueries({ queryKey: [topic] });
      }
      if (due.size > 0) concern([]);
    }, BURST_MS);
  };
  const everything = () => concern(EVERYTHING);
  /** When the session has ended, the answer says so, and one is asked to sign in again. */
  const askWho = () => void client.invalidateQueries({ queryKey: ['me'] });

  /** A connection may die without a word, such as while a laptop sleeps, or be opened and never answered. */
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  };
  const heard = () => {
    live = { ...live, at: new Date() };
    listen();
  };
  const stop = () => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
    clearTimeout(silence);
  };
  const lose = () => {
    stop();
    set({ ...live, state: 'lost' });
    // It may have been refused, since the session has ended; an EventSource does not say.
    askWho();
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);
    failures += 1;
    retry = setTimeout(open, wait);
  };

  const open = () => {
    listen();
    source = new EventSource(last ? `/api/events?lastEventId=${encodeURIComponent(last)}` : '/api/events');
    source.addEventListener('hello', () => {
      failures = 0;
      // What was read before this moment may be older than the stream; and what happened while it was lost may not have been a
      // change, such as an agent that connected.
      everything();
      heard();
      set({ ...live, state: 'open' });
    });
    source.addEventListener('alive', heard);
    for (const [event, topics] of Object.entries(CONCERNS)) {
      source.addEventListener(event, (message) => {
        if (message.lastEventId) last = message.lastEventId;
        heard();
        concern(topics);
      });
    }
    source.addEventListener('audit', (message: MessageEvent<string>) => {
      heard();
      const { kinds } = JSON.parse(message.data) as AuditEvent;
      concern(['audit', ...kinds.flatMap((kind) => RECORDED[kind] ?? [])]);
    });
    source.addEventListener('reset', () => {
      last = undefined;
      heard();
      everything();
    });
    source.addEventListener('ended', askWho);
    source.onerror = lose;
  };
  /** A browser has few connections to an origin, and a tab that nobody looks at needs none. */
  const look = () => {
    stop();
    if (document.visibilityState === 'hidden') return;
    // Lost, until it is there again.
    if (live.state === 'open') set({ ...live, state: 'connecting' });
    if (sessionEnded()) return;
    failures = 0;
    open();
  };
  look();
  document.addEventListener('visibilitychange', look);
  const forget = onSession(look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    forget();
    stop();
    clearTimeout(burst);
  };
}
