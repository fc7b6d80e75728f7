// Something of everything, so that every page has something to show.

import { Agent, call, ensureOwner, upstream } from './world';

export interface Seeded {
  proxy: string;
  did: string;
}

let seeded: Promise<Seeded> | undefined;
/** Once for all files of a run; its agents run until the run ends. */
export const seed = (): Promise<Seeded> => (seeded ??= make());

async function make(): Promise<Seeded> {
  await ensureOwner();
  const { items: [proxy] } = (await call('GET', '/api/proxies')) as { items: { id: string }[] };
  const { items: [known] } = (await call('GET', '/api/agents?search=claude-code-1')) as { items: { did: string }[] };
  // A worker that begins anew, after a failure, finds everything there.
  if (known) return { proxy: proxy?.id ?? '', did: known.did };
  const openai = { name: 'openai-main', provider: 'openai', apiKey: 'sk-openai-0123456789abcd' };
  await call('POST', '/api/credentials', openai);
  for (const [name, modelId] of [['GPT-4o', 'gpt-4o'], ['GPT-4o mini', 'gpt-4o-mini']]) {
    await call('POST', '/api/models', { name, provider: 'openai', modelId, credentialId: openai.name, description: 'For the team that asked for it' });
  }
  await call('POST', '/api/models', { name: 'local', provider: 'openai-compatible', modelId: 'fake-model', baseUrl: upstream });
  for (const [name, keyScope] of [['Platform', 'realm'], ['Discovery', 'agent'], ['Support', 'realm'], ['Nobody yet', 'realm']]) {
    await call('POST', '/api/realms', { name, keyScope, description: `The ${name?.toLowerCase()} team`, monthlyBudgetUsd: name === 'Platform' ? 200 : null });
  }
  const grants: [string, string][] = [['gpt-4o', 'platform'], ['local', 'platform'], ['local', 'discovery'], ['gpt-4o-mini', 'support']];
  for (const [model, realmId] of grants) await call('POST', `/api/models/${model}/realms`, { realmId, reason: 'They build the agents' });
  let did = '';
  for (const [name, realm] of [['claude-code-1', 'platform'], ['openhands-7', 'discovery'], ['triage-bot', 'support']] as const) {
    const made = await call('POST', '/api/enrollment-tokens', { realmIds: [realm] });
    const agent = new Agent();
    const own = await agent.enroll(name, String(made.token));
    did ||= own;
    // The last one is away.
    if (name !== 'triage-bot') agent.run();
  }
  await new Agent().enroll('stranger');
  await call('POST', '/api/realms/discovery/agents', { did });
  await call('POST', '/api/enrollment-tokens', { realmIds: ['platform'], maxUses: 5 });
  await call('POST', '/api/credentials', { name: 'anthropic-spare', provider: 'anthropic', apiKey: 'sk-ant-0123456789abcd' });
  await call('POST', '/api/identity-providers', { name: 'corp', issuer: 'https://login.example.com', clientId: 'reeve', clientSecret: 'corp-secret-0123456789' });
  await call('DELETE', '/api/models/gpt-4o/realms/platform');
  await call('POST', '/api/freezes', { kind: 'realm', name: 'support', reason: 'Budget review' });
  await call('POST', '/api/people', { email: 'grace@example.com', name: 'Grace Hopper', roles: [{ role: 'operator' }] });
  const month = new Date(Date.now() + 30 * 86_400_000).toISOString();
  await call('POST', '/api/tokens', { name: 'ci-deploy', expiresAt: month, permissions: ['grants:write'], realmIds: ['platform'] });
  await call('POST', '/api/workload-rules', {
    name: 'gh-deploy', issuer: 'https://token.actions.githubusercontent.com', audience: 'reeve',
    claims: { repository: 'acme/agents', ref: 'refs/heads/main' }, permissions: ['grants:write'], realmIds: ['platform'],
  });
  return { proxy: proxy?.id ?? '', did };
}
