// Every URL of the console and the page it shows. Pages are loaded when they are first gone to.

import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { meQuery } from './api/me';
import { Problem } from './api/problem';
import { Missing, Broken } from './shell/Missing';

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet, notFoundComponent: Missing });

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: lazyRouteComponent(() => import('./pages/SignIn'), 'SignIn') });
const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: lazyRouteComponent(() => import('./pages/Setup'), 'Setup') });

/** Everything else is for who is signed in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: lazyRouteComponent(() => import('./shell/Shell'), 'Shell'),
  errorComponent: Broken,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(meQuery);
    } catch (error) {
      if (Problem.from(error).signedOut) throw redirect({ to: '/sign-in', search: { next: location.href } as never });
      throw error;
    }
  },
});

/** A page of the shell. */
const page = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string, more?: { remountDeps: () => string }) =>
  createRoute({ ...more, getParentRoute: () => shell, path, component: lazyRouteComponent(load as never, name as never), errorComponent: Broken, notFoundComponent: Missing });

const pages = [
  page('/', () => import('./pages/overview/Overview'), 'Overview'),
  page('/models', () => import('./pages/models/Models'), 'Models'),
  page('/models/$id', () => import('./pages/models/Model'), 'Model'),
  page('/credentials', () => import('./pages/credentials/Credentials'), 'Credentials'),
  page('/realms', () => import('./pages/realms/Realms'), 'Realms'),
  page('/realms/$id', () => import('./pages/realms/Realm'), 'Realm'),
  page('/agents', () => import('./pages/agents/Agents'), 'Agents'),
  page('/agents/$did', () => import('./pages/agents/Agent'), 'Agent'),
  page('/enrollment', () => import('./pages/agents/Enrollment'), 'Enrollment'),
  page('/proxies', () => import('./pages/proxies/Proxies'), 'Proxies'),
  page('/proxies/$id', () => import('./pages/proxies/Proxy'), 'Proxy'),
  page('/changes', () => import('./pages/changes/Changes'), 'Changes'),
  // Whoever goes on from change to change keeps the focus on the button; nothing is typed there.
  page('/changes/$revision', () => import('./pages/changes/Change'), 'Change', { remountDeps: () => '' }),
  page('/explain', () => import('./pages/explain/Explain'), 'Explain'),
  page('/access', () => import('./pages/access/Access'), 'Access'),
  page('/account', () => import('./pages/access/Account'), 'Account'),
  page('/audit', () => import('./pages/audit/Audit'), 'Audit'),
  page('/settings', () => import('./pages/settings/Settings'), 'Settings'),
];

/** Plain words in the query: `?status=active`, also where the word looks like a number. */
const parseSearch = (text: string) => Object.fromEntries(new URLSearchParams(text));
const stringifySearch = (search: Record<string, unknown>) => {
  const words = Object.entries(search).flatMap(([k, v]) => (v === undefined || v === null || v === '' ? [] : [[k, String(v)]]));
  return words.length ? `?${new URLSearchParams(words)}` : '';
};

export const makeRouter = (client: QueryClient) =>
  createRouter({
    routeTree: root.addChildren([signIn, setup, shell.addChildren(pages)]),
    context: { client },
    parseSearch,
    stringifySearch,
    // Another realm's page is another page: nothing that was typed or opened on the one before stands on it.
    defaultRemountDeps: ({ params }) => params,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
