// Placement: which proxies a list of selectors chooses, best first. The rules are those of the API (docs/API-DESIGN.md).

import type { ProxyView, RealmView } from '../../api/schema';

/** Labels that a proxy must have; its name counts as the label `name`. Without any: every proxy. */
export type Selector = Record<string, string>;

export const selectorsOf = (realm: Pick<RealmView, 'placement'>): Selector[] =>
  realm.placement.map((selector) => Object.fromEntries(Object.entries(selector).map(([k, v]) => [k, String(v)])));

export const matches = (selector: Selector, proxy: ProxyView) =>
  Object.entries(selector).every(([label, value]) => (label === 'name' ? proxy.name : proxy.labels[label]) === value);

export interface Placed {
  proxy: ProxyView;
  /** Which selector chose it, from 0; nothing when there are none. */
  rank?: number;
}

/** Who serves, in the order that agents are pointed to. A disabled one serves nobody. */
export function placed(selectors: Selector[], fleet: ProxyView[]): Placed[] {
  const serving = fleet.filter((p) => p.state !== 'disabled' && !p.deleting).sort((a, b) => a.name.localeCompare(b.name));
  if (selectors.length === 0) return serving.map((proxy) => ({ proxy }));
  return serving
    .flatMap((proxy) => {
      const rank = selectors.findIndex((s) => matches(s, proxy));
      return rank < 0 ? [] : [{ proxy, rank }];
    })
    .sort((a, b) => a.rank - b.rank);
}

export const labelText = (label: string, value: string) => `${label}=${value}`;

export const selectorText = (selector: Selector) =>
  Object.entries(selector).map(([k, v]) => labelText(k, v)).join(', ') || 'any proxy';

/** Every label of the fleet, to choose from. */
export const labelsOf = (fleet: ProxyView[]) =>
  [...new Set(fleet.flatMap((p) => [...Object.entries(p.labels).map(([k, v]) => labelText(k, v)), labelText('name', p.name)]))].sort();

/** `region=eu` as a label and its value; nothing when it is not of that form. */
export function parseLabel(text: string): [string, string] | undefined {
  const at = text.indexOf('=');
  const [label, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  return at > 0 && label ? [label, value] : undefined;
}
