// A provider's key as a form has it: one text, or the fields of one of the sets that the provider knows.

import type { ProviderView } from '../../api/schema';

export interface Secret {
  /** The set's fields joined by `+`; empty: a plain key. */
  set: string;
  values: Record<string, string>;
}

export const NO_SECRET: Secret = { set: '', values: {} };
const PLAIN = 'key';

export const secretFields = (secret: Secret): string[] => (secret.set === '' ? [PLAIN] : secret.set.split('+'));

/** Sets that are more than a plain key. */
export const secretSets = (provider?: ProviderView): string[] =>
  (provider?.secretSets ?? []).map((set) => set.join('+')).filter((set) => set !== 'api_key');

export const secretFilled = (secret: Secret) => secretFields(secret).every((field) => Boolean(secret.values[field]?.trim()));

/** As the API takes it: the key, or a JSON object as text. */
export function secretText(secret: Secret): string {
  const value = (field: string) => secret.values[field]?.trim() ?? '';
  if (secret.set === '') return value(PLAIN);
  return JSON.stringify(Object.fromEntries(secretFields(secret).map((field) => [field, value(field)])));
}
