// A deployment as a form has it, and what the API is sent of it.

import { api, ask, untyped } from '../../api/client';
import { Problem } from '../../api/problem';
import type { DeploymentView, ProviderView, TestConnection } from '../../api/schema';
import { NO_SECRET, secretFilled, secretText, type Secret } from '../credentials/secret';
import { fieldLabel, modelSlug } from './naming';

/** Where its key comes from: a credential, a new credential, a key of its own, none; `kept`: as it is. */
export type KeyFrom = 'stored' | 'named' | 'typed' | 'none' | 'kept';

/** Fields are named as the API's, so that a problem document finds its field. */
export interface ModelValues {
  name: string;
  description: string;
  maxTokens: number | string;
  everywhere: boolean;
  provider: string;
  modelId: string;
  baseUrl: string;
  keyFrom: KeyFrom;
  credentialId: string | null;
  credentialName: string;
  apiKey: Secret;
  /** Parameters that the provider is known to take. */
  params: Record<string, string>;
  /** Any others. */
  litellmParams: { id: string; name: string; value: string }[];
  order: number | string;
  weight: number | string;
}

export const NEW_MODEL: ModelValues = {
  name: '', description: '', maxTokens: '', everywhere: false, provider: '', modelId: '', baseUrl: '', keyFrom: 'typed',
  credentialId: null, credentialName: '', apiKey: NO_SECRET, params: {}, litellmParams: [], order: '', weight: '',
};

const known = (provider?: ProviderView) => [...(provider?.required ?? []), ...(provider?.optional ?? [])];
const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
/** As `parsed` reads it: a text that would be read as something else stands in quotes. */
const asJson = (value: unknown) => (typeof value === 'string' && parsed(value) === value ? value : JSON.stringify(value));

/** One that is there, to be edited. */
export function valuesOf(d: DeploymentView, provider?: ProviderView): ModelValues {
  const all: [string, unknown][] = Object.entries(d.litellmParams);
  const own = new Set(known(provider));
  return {
    ...NEW_MODEL,
    provider: d.provider,
    modelId: d.modelId,
    baseUrl: d.baseUrl ?? '',
    keyFrom: 'kept',
    params: Object.fromEntries(all.filter(([name]) => own.has(name)).map(([name, value]) => [name, asText(value)])),
    litellmParams: all.filter(([name]) => !own.has(name)).map(([name, value]) => ({ id: name, name, value: asJson(value) })),
    order: d.order ?? '',
    weight: d.weight ?? '',
  };
}

/** A value as JSON, where it is some: `100`, `true`, `["a"]`; else a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function paramsOf(v: ModelValues): Record<string, unknown> {
  const own = Object.entries(v.params).filter(([, value]) => value.trim());
  const further = v.litellmParams.filter((p) => p.name.trim());
  return Object.fromEntries([...own.map(([k, x]): [string, unknown] => [k, x.trim()]), ...further.map((p): [string, unknown] => [p.name.trim(), parsed(p.value)])]);
}

const number = (value: number | string) => (value === '' ? undefined : Number(value));

/** Which secret it calls with, as the API takes it. */
function keyOf(v: ModelValues): { apiKey?: string; credentialId?: string } {
  switch (v.keyFrom) {
    case 'stored': return { credentialId: v.credentialId ?? undefined };
    case 'named':
    case 'typed': return { apiKey: secretText(v.apiKey) };
    default: return {};
  }
}

/** For a connection test, which stores nothing. */
export function testBody(v: ModelValues): TestConnection {
  const params = paramsOf(v);
  return {
    provider: v.provider,
    modelId: v.modelId.trim(),
    baseUrl: v.baseUrl.trim() || undefined,
    litellmParams: Object.keys(params).length > 0 ? untyped(params) : undefined,
    ...keyOf(v),
  };
}

/** For a new model or deployment. */
export function newBody(v: ModelValues) {
  return { ...testBody(v), order: number(v.order), weight: number(v.weight) };
}

/** For an edit of a deployment: all of it, since what is left out stays. */
export function editBody(v: ModelValues) {
  const { apiKey, credentialId } = keyOf(v);
  return {
    modelId: v.modelId.trim(),
    baseUrl: v.baseUrl.trim() || null,
    order: number(v.order) ?? null,
    weight: number(v.weight) ?? null,
    litellmParams: untyped(paramsOf(v)),
    ...(apiKey !== undefined && { apiKey }),
    ...(credentialId !== undefined && { credentialId }),
    ...(v.keyFrom === 'none' && { credentialId: null }),
  };
}

/** Stores the named credential, when one is to be made; `keep` hears its id, so that a second try does not make it twice. */
export async function withCredential(v: ModelValues, keep: (id: string) => void): Promise<ModelValues> {
  if (v.keyFrom !== 'named') return v;
  const body = { name: v.credentialName.trim(), provider: v.provider, apiKey: secretText(v.apiKey) };
  const { id } = await ask(api.POST('/api/credentials', { body })).catch((thrown: unknown) => {
    const problem = Problem.from(thrown);
    // The model has a name of its own.
    throw problem.field === 'name' ? problem.of('credentialName') : problem;
  });
  keep(id);
  return { ...v, keyFrom: 'stored', credentialId: id };
}

/** What is missing. Everything else the API says. */
export function missing(v: ModelValues, provider: ProviderView | undefined, named: boolean): Record<string, string> {
  const errors: Record<string, string> = {};
  if (!v.provider) errors.provider = 'Choose a provider';
  if (named && !modelSlug(v.name)) errors.name = v.name.trim() ? 'It needs a letter or digit from a-z, 0-9' : 'Give the model a name';
  if (!v.modelId.trim()) errors.modelId = 'The provider’s own name for the model';
  if (provider?.baseUrl === 'required' && !v.baseUrl.trim()) errors.baseUrl = 'This provider has no well-known address';
  if (v.keyFrom === 'stored' && !v.credentialId) errors.credentialId = 'Choose a credential';
  if (v.keyFrom === 'named' && !v.credentialName.trim()) errors.credentialName = 'Give the credential a name';
  if ((v.keyFrom === 'named' || v.keyFrom === 'typed') && !secretFilled(v.apiKey)) errors.apiKey = 'Type the key';
  for (const name of provider?.required ?? []) {
    if (!v.params[name]?.trim()) errors[`params.${name}`] = `${fieldLabel(name)} is needed`;
  }
  return errors;
}
