// A real OpenID Connect server on loopback: people with groups for a code flow with PKCE, and a CI system whose jobs
// have tokens with claims of their own.
//
//   server.mjs DIR PORT REDIRECT_URI    DIR: where tests/oidc/setup put oidc-provider
//
// Says "ready" when it listens. Anybody signs in as one of PEOPLE with any password.

import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [dir, port, redirectUri] = process.argv.slice(2);
const require = createRequire(`${dir}/package.json`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const PEOPLE = {
  ada: { email: 'ada@example.org', name: 'Ada', groups: ['platform', 'lunch'] },
  rita: { email: 'rita@example.org', name: 'Rita', groups: ['red-team'] },
  eve: { email: 'eve@example.org', name: 'Eve', groups: ['lunch'] },
};
const JOB = { repository: 'acme/app', ref: 'refs/heads/main', environment: 'prod' };

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'RS256' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [key] },
  cookies: { keys: ['of-this-test-alone'] },
  clients: [
    {
      client_id: 'reeve',
      client_secret: 'reeve-client-secret-0123456789',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    {
      client_id: 'ci',
      client_secret: 'ci-client-secret-0123456789',
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  conformIdTokenClaims: false,
  findAccount: (ctx, sub) =>
    PEOPLE[sub] && { accountId: sub, claims: () => ({ sub, email_verified: true, ...PEOPLE[sub] }) },
  extraTokenClaims: (ctx, token) => (token.kind === 'ClientCredentials' ? JOB : undefined),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: '',
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
      }),
    },
  },
  ttl: { AccessToken: 300, ClientCredentials: 300, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
