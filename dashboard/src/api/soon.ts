// By hand: what the API will have and openapi/reeve.json does not know yet. When the generated types have it, `api` takes its
// place and this file goes.

import createClient from 'openapi-fetch';
import { refusals } from './client';
import type { SyncedModelView } from './schema';

export interface TestModel {
  provider: string;
  modelId: string;
  baseUrl?: string;
  apiKey?: string;
  credentialId?: string;
  litellmParams?: Record<string, unknown>;
}

export interface TestedModel {
  ok: boolean;
  proxies: { proxyId: string; proxyName: string; ok: boolean; message?: string | null }[];
}

/** A model with how many realms may use it. */
export type ListedModel = SyncedModelView & { grants?: number };

interface Answer<T> {
  200: { content: { 'application/json': T } };
}

interface SoonPaths {
  '/api/models/test': { post: { requestBody: { content: { 'application/json': TestModel } }; responses: Answer<TestedModel> } };
}

export const soon = createClient<SoonPaths>({ baseUrl: '/' });
soon.use(refusals);

/** Query parameters that the generated types lack, and objects of any content, which they take for empty. */
export const untyped = (value: Record<string, unknown>) => value as never;
