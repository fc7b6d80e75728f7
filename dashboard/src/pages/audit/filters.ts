// Which rows are meant: what the URL says, as the API takes it.

import type { UrlState } from '../../components/url';

const HOUR_MS = 3_600_000;

/** `range` in the URL. */
export const RANGES = [
  { value: '1h', label: 'The last hour', hours: 1 }, { value: '24h', label: 'The last 24 hours', hours: 24 }, { value: '7d', label: 'The last 7 days', hours: 168 },
  { value: '30d', label: 'The last 30 days', hours: 720 },
];
export const BETWEEN = 'between';

export interface Filters {
  actor?: string;
  action?: string;
  subject?: string;
  range?: string;
  since?: string;
  until?: string;
}

export const FILTERS = ['actor', 'action', 'subject', 'range', 'since', 'until'] as const;

export const filtersOf = (url: UrlState): Filters => Object.fromEntries(FILTERS.flatMap((name) => (url[name] ? [[name, url[name]]] : [])));

/** The range that is chosen; a link may say the times alone. */
export const rangeOf = ({ range, since, until }: Filters) => range ?? (since || until ? BETWEEN : undefined);

/** A range ends now, whenever that is: it is counted when it is asked. */
export function queryOf({ actor, action, subject, ...times }: Filters) {
  const range = RANGES.find(({ value }) => value === rangeOf(times));
  const since = range ? new Date(Date.now() - range.hours * HOUR_MS).toISOString() : times.since;
  return { actor, action, subject, since, until: range ? undefined : times.until };
}
