// Every page and tab of the console.

export interface Shown {
  model: string;
  realm: string;
  /** A realm with another state, if there is one. */
  other?: string;
  did: string;
  proxy: string;
  revision: number;
}

export function paths({ model, realm, other, did, proxy, revision }: Shown): string[] {
  return [
    '/', '/models', `/models/${model}`, '/credentials', '/realms',
    ...['', '?tab=members', '?tab=key', '?tab=placement', '?tab=activity'].map((tab) => `/realms/${realm}${tab}`),
    ...(other ? [`/realms/${other}`] : []),
    '/agents', ...['', '?tab=membership', '?tab=access', '?tab=history'].map((tab) => `/agents/${did}${tab}`), '/enrollment',
    '/proxies', `/proxies/${proxy}`, '/changes', `/changes/${revision}`, `/explain?agent=${did}&model=${model}`,
    ...['people', 'tokens', 'ci-rules', 'identity-providers', 'roles'].map((tab) => `/access?tab=${tab}`),
    '/account', '/audit', '/settings', '/nothing-here',
  ];
}
