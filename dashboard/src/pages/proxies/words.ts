// What is said of a proxy: its checks, its differences and its capabilities in words.

import type { Check, CheckResult, DriftClass, ObjectKind, ProxyView } from '../../api/schema';

export const CHECKS: Record<Check, [tried: string, means: string]> = {
  'no-models': ['A key without models calls one', 'Without this, an agent of a realm without grants could call models.'],
  'model-in-body': ['A key calls a model outside its list', 'Without this, grants mean nothing on this proxy.'],
  'model-in-query': [
    'A key names a model outside its list in the URL',
    'Without this, ?model= gets around the list. A front that drops the query string closes it, such as deploy/front.conf.',
  ],
  'pass-through': ['A key calls a provider through a pass-through route', 'Without this, a key reaches providers past the list of models.'],
  management: ['A key lists keys', 'Without this, a key could look at or change what it may do.'],
};

export type Enforcement = 'held' | 'not-held' | 'not-asked' | 'partly';

/** The checks as one word. */
export function enforcementOf(results: CheckResult[]): Enforcement {
  if (results.length === 0) return 'not-asked';
  if (results.some((r) => r.held === false)) return 'not-held';
  return results.every((r) => r.held === true) ? 'held' : 'partly';
}

export const ENFORCEMENT: Record<Enforcement, string> = {
  held: 'holds', 'not-held': 'does not hold', 'not-asked': 'not checked yet', partly: 'holds, as far as told',
};

/** What Reeve does about a difference. */
export const DRIFT: Record<DriftClass, [word: string, then: string]> = {
  missing: ['missing', 'It is made again.'],
  changed: ['changed', 'It is put right.'],
  extra: ['extra', 'Of Reeve’s own and unknown to the registry: it is removed.'],
  duplicate: ['duplicate', 'It is removed.'],
  foreign: ['not ours', 'It is never touched, unless you take it over.'],
  shadowed: ['shadowed', 'The proxy’s configuration file has a model under the name of one of ours. Take it out of the file.'],
  'not-live': ['not live yet', 'It was made a moment ago.'],
};

export const REPAIRED: DriftClass[] = ['missing', 'changed', 'extra', 'duplicate'];

export const KINDS: Record<ObjectKind, string> = { deployment: 'deployment', team: 'team', key: 'virtual key', revocation: 'proof of a revocation' };

/** Capabilities as the probe found them. */
export function capabilitiesOf(proxy: ProxyView): [name: string, value: string][] {
  const all: [string, unknown][] = Object.entries(proxy.capabilities);
  return all.map(([name, value]) => [
    name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`),
    value === true ? 'yes' : value === false ? 'no' : String(value),
  ]);
}

/** What is on it and not Reeve's, by kind; without what there is none of. */
export function foreignOf(proxy: ProxyView): [kind: string, count: number][] {
  const all: [string, unknown][] = Object.entries(proxy.foreign);
  return all.flatMap(([kind, n]) => (typeof n === 'number' && n > 0 ? [[kind, n]] : []));
}
