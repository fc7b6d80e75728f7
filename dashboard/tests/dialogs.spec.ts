// Everything that opens over a page, in both schemes, wide and on a phone: it holds the focus, is accessible, fits, and Escape
// closes it and gives the focus back. Nothing is saved.

import { join } from 'node:path';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { accessible, fits, pictures, settle, view, VIEWS } from './look';
import { seed } from './seed';
import { call, signIn, watch } from './world';
import type { ProviderView } from '../src/api/schema';

/** A button by its name, and what of its menu opens a dialog. */
type Opens = [button: string | RegExp, ...items: string[]];

const on = ({ did, proxy }: { did: string; proxy: string }): [path: string, ...opens: Opens[]][] => [
  ['/', ['Account and appearance'], [/^Find anything/]],
  ['/models', ['Register model']],
  ['/models/gpt-4o', ['Edit'], ['More actions', 'Deactivate', 'Freeze', 'Delete'], ['Add a deployment'], ['Actions for openai gpt-4o', 'Edit'], ['Grant to a realm']],
  ['/models/local', ['Actions for platform', 'Edit', 'Revoke']],
  ['/credentials', ['Add credential'], ['Actions for openai-main', 'Replace the key', 'Delete'], ['Actions for anthropic-spare', 'Delete']],
  ['/realms', ['New realm']],
  ['/realms/platform', ['Edit'], ['Freeze'], ['More actions', 'Remove the realm'], ['Grant a model'], ['Actions for openai-compatible/local', 'Edit', 'Revoke']],
  ['/realms/support', ['Unfreeze']],
  ['/realms/discovery?tab=members', ['Add an agent'], ['Actions for claude-code-1', 'Make this its primary realm', 'Take out of the realm']],
  ['/realms/platform?tab=key', ['Rotate']],
  ['/realms/platform?tab=placement', ['Edit the order']],
  ['/agents?status=pending', ['Approve stranger'], ['Revoke stranger']],
  [`/agents/${did}`, ['More actions', 'Freeze', 'Revoke', 'Delete']],
  [`/agents/${did}?tab=membership`, ['Join a realm'], [/^Make primary: /], ['Leave Discovery']],
  ['/enrollment', ['New token'], [/^Revoke /]],
  ['/proxies', ['Add proxy']],
  [`/proxies/${proxy}`, ['Edit'], ['More actions', 'Drain', 'Disable', 'Freeze', 'Remove']],
  ['/changes'],
  ['/access?tab=people', ['Invite somebody'], ['Actions for Grace Hopper', 'Edit name and roles', 'New link for a password', 'Sessions', 'Disable', 'Delete']],
  ['/access?tab=tokens', ['New token'], ['Actions for ci-deploy', 'Rotate', 'Revoke']],
  ['/access?tab=ci-rules', ['New rule'], ['Actions for gh-deploy', 'For the CI file', 'Delete']],
  ['/access?tab=identity-providers', ['Add a provider'], ['Actions for corp', 'Edit', 'Delete']],
  ['/account', ['Change password'], [/^End the session of /]],
  ['/audit', ['How to know that it is whole'], ['Export'], [/: row \d+$/]],
  ['/settings', ['Switch it off']],
];

const byName = (page: Page, name: string | RegExp) => page.locator('#main, header').getByRole('button', { name, exact: true }).first();

async function held(page: Page, over: Locator, what: string): Promise<void> {
  await expect(over, what).toBeVisible();
  await settle(page);
  await expect.poll(() => over.evaluate((dialog) => dialog.contains(document.activeElement)), { message: `${what} has the focus` }).toBe(true);
}

/** What is open there is as it should be, in every view or in those given. */
async function judge(page: Page, there: string, what: string, views = VIEWS): Promise<void> {
  for (const look of views) {
    const each = `${what} in ${look.join(' at ')}`;
    await view(page, look);
    await accessible(page, each, [there]);
    await fits(page, each);
    if (pictures) await page.screenshot({ path: join(pictures, `${each.replace(/[^a-z0-9]+/gi, '-').replace(/^-/, '')}.png`) });
  }
}

async function escape(page: Page, over: Locator, opener: Locator, what: string): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(over, `${what} closes`).toBeHidden();
  await expect(opener, `${what} gives the focus back`).toBeFocused();
}

let opened = 0;
/** Every drop-down in there: Escape closes it alone. They look alike, so each is judged in one view, by turns. */
async function dropDowns(page: Page, within: Locator, what: string): Promise<void> {
  for (const field of await within.locator('[aria-haspopup=listbox]:visible:enabled').all()) {
    const each = `${what}, ${(await field.getAttribute('aria-label')) ?? (await field.getAttribute('id')) ?? ''}`;
    await field.click();
    const list = page.locator('[role=listbox]:visible');
    // A field without suggestions opens nothing.
    if ((await field.getAttribute('aria-expanded')) !== 'true') continue;
    await expect(list, each).toBeVisible();
    opened += 1;
    await judge(page, '[role=listbox]', each, VIEWS.filter((_, n) => n === opened % VIEWS.length));
    await page.keyboard.press('Escape');
    await expect(list, `${each} closes`).toBeHidden();
    await expect(field, `${each} keeps the focus`).toBeFocused();
  }
  await expect(within, `${what} is still there`).toBeVisible();
}

async function everything(page: Page, [button, ...items]: Opens, at: string): Promise<void> {
  const opener = byName(page, button);
  const menu = page.locator('[role=menu]:visible');
  const dialog = page.locator('[role=dialog]:visible');
  const what = `${at}: ${String(button)}`;
  await opener.click();
  if ((await opener.getAttribute('aria-haspopup')) !== 'menu') {
    await held(page, dialog, what);
    await judge(page, '[role=dialog]', what);
    await dropDowns(page, dialog, what);
    await escape(page, dialog, opener, what);
    return;
  }
  await held(page, menu, what);
  await judge(page, '[role=menu]', what);
  await escape(page, menu, opener, what);
  for (const item of items) {
    const each = `${what}, ${item}`;
    await opener.click();
    await menu.getByRole('menuitem', { name: item, exact: true }).click();
    await held(page, dialog, each);
    await judge(page, '[role=dialog]', each);
    await dropDowns(page, dialog, each);
    await escape(page, dialog, opener, each);
  }
}

/** Puts into an answer of the API what takes long to bring about. */
async function feign(page: Page, path: string, change: (answer: Record<string, never>) => void): Promise<void> {
  await page.route((at) => at.pathname === path, async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    const response = await route.fetch();
    const json = (await response.json()) as Record<string, never>;
    change(json);
    await route.fulfill({ response, json });
  });
}

/** One provider for each shape of the form. */
async function kindsOfProviders(): Promise<string[]> {
  const { items } = (await call('GET', '/api/providers')) as { items: ProviderView[] };
  const shape = (p: ProviderView) => `${p.baseUrl} ${p.secret} ${p.required.join()} ${p.optional.length > 0} ${p.secretSets.join(' ')}`;
  return [...new Map(items.map((p) => [shape(p), p.name])).values()];
}

test.beforeAll(async () => { await seed(); });

test('everything that opens', async ({ page }) => {
  test.setTimeout(600_000);
  const wrong = watch(page);
  await signIn(page);
  for (const [path, ...opens] of on(await seed())) {
    await page.goto(path);
    await settle(page);
    await test.step(path, async () => {
      await dropDowns(page, page.locator('#main'), path);
      for (const each of opens) await everything(page, each, path);
    });
  }
  expect(wrong).toEqual([]);
});

test('every kind of provider', async ({ page }) => {
  await signIn(page);
  await page.goto('/models');
  await settle(page);
  await byName(page, 'Register model').click();
  const dialog = page.getByRole('dialog');
  for (const provider of await kindsOfProviders()) {
    const what = provider;
    await held(page, dialog, what);
    await dialog.getByRole('group', { name: 'Providers' }).getByRole('button').filter({ has: page.getByText(provider, { exact: true }) }).click();
    await dialog.getByRole('radio', { name: 'A key for this deployment alone' }).check();
    // It stays open from one provider to the next, with what was typed there.
    const rarer = dialog.getByRole('button', { name: 'Order, weight and further parameters' });
    if ((await rarer.getAttribute('aria-expanded')) === 'false') await rarer.click();
    await dialog.getByRole('button', { name: 'Add a parameter' }).click();
    await judge(page, '[role=dialog]', what);
    await dropDowns(page, dialog, what);
    await dialog.getByRole('button', { name: 'Another provider' }).click();
  }
});

test('what opens in rarer states', async ({ page }) => {
  const { did, proxy } = await seed();
  const found = { kind: 'key', class: 'foreign', fields: [], name: 'batch', externalId: 'sk-hash-of-a-key', foundAt: new Date().toISOString() };
  await feign(page, `/api/proxies/${proxy}`, (p) => Object.assign(p, { pruneHeld: 12 }));
  await feign(page, `/api/proxies/${proxy}/drift`, (drift) => Object.assign(drift, {
    items: [
      { ...found, found: { key: { blocked: false, further: [], metadata: [], models: ['gpt-4o'], routes: [] } } },
      { ...found, kind: 'deployment', name: 'theirs', externalId: 'model-1', found: { deployment: { blocked: false, hidden: ['api_key'], inFile: false, litellmParams: {}, upstreamModel: 'openai/gpt-4o' } } },
      { ...found, kind: 'deployment', name: 'of the file', externalId: 'model-2', found: { deployment: { blocked: false, hidden: [], inFile: true, litellmParams: {}, upstreamModel: 'openai/gpt-4o' } } },
    ],
  }));
  await feign(page, '/api/observe-mode', (mode) => Object.assign(mode, { active: true, since: found.foundAt, seenRevision: 90, differences: [] }));
  const { id: platform } = (await call('GET', '/api/realms/platform')) as { id: string };
  await feign(page, `/api/realms/${platform}/keys`, (keys: { items?: object[] }) => keys.items?.push({ ...keys.items[0], id: 'before', generation: 0, state: 'retiring' }));
  await page.route('**/api/enrollment-tokens', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 201, json: { id: did, token: 'reeve-enroll-0123456789', fingerprint: '...6789', maxUses: 1, uses: 0, realmIds: [], expiresAt: found.foundAt, createdAt: found.foundAt, createdBy: 'admin' } })
    : route.fallback()));
  await signIn(page);
  const rarer: [path: string, ...opens: Opens[]][] = [
    [`/proxies/${proxy}`, ['Remove them'], ['End observe mode'], ...['batch', 'theirs', 'of the file'].map((name): Opens => [`Take over ${name}`])],
    ['/realms/platform?tab=key', ['End it now']],
  ];
  for (const [path, ...opens] of rarer) {
    await page.goto(path);
    await settle(page);
    for (const each of opens) await everything(page, each, path);
  }

  await page.goto('/settings');
  await settle(page);
  await page.getByLabel('Days').fill('30');
  await everything(page, ['Save'], '/settings');

  await page.goto(`/agents/${did}`);
  await settle(page);
  await page.getByRole('radiogroup', { name: 'Mode' }).getByText('Manual').click();
  await judge(page, '#main', 'manual');
  await dropDowns(page, page.locator('#main'), 'manual');

  // What is shown once opens where the form was.
  await page.goto('/enrollment');
  await settle(page);
  const opener = byName(page, 'New token');
  await opener.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
  const shown = page.getByRole('dialog', { name: 'The enrolment token' });
  await held(page, shown, 'shown once');
  await judge(page, '[role=dialog]', 'shown once');
  await escape(page, shown, opener, 'shown once');
});

test('the navigation on a phone', async ({ page }) => {
  await signIn(page);
  await view(page, ['light', 390]);
  const burger = page.getByRole('button', { name: /the navigation$/ });
  const pages = page.getByRole('navigation', { name: 'Pages' });
  await expect(pages, 'out of the way of the keyboard, too').toBeHidden();
  await burger.click();
  await held(page, pages, 'navigation');
  await judge(page, 'nav', 'navigation');
  await escape(page, pages, burger, 'navigation');
});
