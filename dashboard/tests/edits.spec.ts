// What is typed is saved as it was meant: on what it was opened for, over what was there then, and never lost on the way.

import { expect, test, type Page } from '@playwright/test';
import { Agent, call, ensureOwner, owner, signIn, upstream, url } from './world';

const dids: Record<string, string> = {};
const manual = (model: string) => ({ mode: 'manual', provider: 'openai', baseUrl: 'https://api.openai.com/v1', model, apiKey: 'sk-typed-0123456789' });
const config = (name: string, body: object) => call('PUT', `/api/agents/${dids[name]}/llm-config`, body);
const saved = async (name: string) => (await call('GET', `/api/agents/${dids[name]}/llm-config`)).config as Record<string, unknown>;

test.beforeAll(async () => {
  await ensureOwner();
  await call('POST', '/api/realms', { name: 'Edited', monthlyBudgetUsd: 100 });
  const made = await call('POST', '/api/enrollment-tokens', { realmIds: ['edited'], maxUses: 2 });
  for (const name of ['first-typed', 'second-typed']) {
    dids[name] = await new Agent().enroll(name, String(made.token));
    await config(name, manual(name));
  }
});

/** To a page without loading the console again. */
async function find(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('A page, model, realm or agent').fill(name);
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

test('a form is that of the page it is on', async ({ page }) => {
  await signIn(page);
  const model = page.getByRole('textbox', { name: 'Model' });
  await find(page, 'first-typed');
  await expect(model).toHaveValue('first-typed');
  await find(page, 'second-typed');
  await expect(model).toHaveValue('second-typed');
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'first-typed' })).toBeVisible();
  await expect(model).toHaveValue('first-typed');
});

test('a second edit begins with what the first has saved', async ({ page }) => {
  await signIn(page);
  await page.goto(`/agents/${dids['first-typed']}`);
  await page.getByRole('textbox', { name: 'Model' }).fill('edited-once');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved, revision')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Model' })).toHaveValue('edited-once');
  await page.getByLabel('System prompt').first().fill('Be brief.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => saved('first-typed')).toMatchObject({ model: 'edited-once', systemPrompt: 'Be brief.' });
});

test('who was quicker is not overwritten, and what was typed stays', async ({ page }) => {
  await signIn(page);
  await page.goto('/realms/edited');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit Edited' });
  await dialog.getByLabel('Description').fill('Typed by Ada');
  await call('PATCH', '/api/realms/edited', { monthlyBudgetUsd: 500 });
  await expect(page.getByText('$500 a month')).toBeVisible();
  await expect(dialog.getByLabel('Monthly budget')).toHaveValue('$100');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Somebody else was quicker');
  await expect(dialog.getByLabel('Description')).toHaveValue('Typed by Ada');
  expect(await call('GET', '/api/realms/edited')).toMatchObject({ monthlyBudgetUsd: 500, description: '' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  // Begun anew, it begins with what is there now.
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(dialog.getByLabel('Monthly budget')).toHaveValue('$500');
  await expect(dialog.getByLabel('Description')).toHaveValue('');
  // Once more, quicker than what was saved is read again: it waits until the first key for it.
  await page.route(/\/api\/realms\/edited$/, async (route) => {
    if (route.request().method() === 'GET') await new Promise((done) => setTimeout(done, 1_500));
    await route.continue();
  });
  await dialog.getByLabel('Description').fill('Typed once');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(dialog.getByLabel('Description')).toHaveValue('Typed once');
  await dialog.getByLabel('Description').fill('Typed twice');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  expect(await call('GET', '/api/realms/edited')).toMatchObject({ monthlyBudgetUsd: 500, description: 'Typed twice' });

  await page.goto(`/agents/${dids['second-typed']}`);
  const model = page.getByRole('textbox', { name: 'Model' });
  await model.fill('typed-by-ada');
  await config('second-typed', manual('typed-by-bob'));
  await expect(page.getByText('It was changed meanwhile.')).toBeVisible();
  await expect(model).toHaveValue('typed-by-ada');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Somebody else was quicker');
  await expect(model).toHaveValue('typed-by-ada');
  expect(await saved('second-typed')).toMatchObject({ model: 'typed-by-bob' });
  await page.getByRole('button', { name: 'Begin anew' }).click();
  await expect(model).toHaveValue('typed-by-bob');
});

test('parameters of a provider stand in their own fields, also when the page was just loaded', async ({ page }) => {
  await call('POST', '/api/models', {
    name: 'parameters', provider: 'azure', modelId: 'deployed', baseUrl: upstream, apiKey: 'azure-0123456789', litellmParams: { api_version: '2026-01-01', user: '123' },
  });
  await signIn(page);
  await page.goto('/models/azure%2Fparameters');
  await page.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('API version')).toHaveValue('2026-01-01');
  await dialog.getByLabel('API version').fill('2026-06-01');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  const { deployments } = (await call('GET', '/api/models/azure%2Fparameters')) as { deployments: { litellmParams: object }[] };
  expect(deployments[0]?.litellmParams).toEqual({ api_version: '2026-06-01', user: '123' });
});

test('a dialog over a list keeps its clicks, and Escape closes the uppermost alone', async ({ page }) => {
  await new Agent().enroll('dialled');
  await signIn(page);
  await page.goto('/agents?status=pending&q=dialled');
  await page.getByRole('row', { name: /dialled/ }).getByRole('button', { name: /Reject|Revoke/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').click();
  await page.keyboard.type('Nobody knows it');
  await expect(dialog.getByLabel('Reason')).toHaveValue('Nobody knows it');
  await dialog.getByRole('heading').click();
  expect(new URL(page.url()).pathname).toBe('/agents');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await page.goto('/realms');
  await page.getByRole('button', { name: 'New realm' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Half typed');
  await page.keyboard.press('Control+k');
  await expect(page.getByPlaceholder('A page, model, realm or agent')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByPlaceholder('A page, model, realm or agent')).toBeHidden();
  await expect(page.getByRole('dialog').getByLabel('Name')).toHaveValue('Half typed');
});

test('a session that ended goes on when one signs in in another tab', async ({ page, context }) => {
  await signIn(page);
  await page.goto('/realms');
  await page.getByRole('button', { name: 'New realm' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Typed before');
  const { items } = (await call('GET', '/api/people')) as { items: { id: string; email: string }[] };
  await call('DELETE', `/api/people/${items.find((p) => p.email === owner.email)?.id}/sessions`);
  // Nothing is clicked: the stream hears of it.
  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(again).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(again).toBeVisible();
  const other = await context.newPage();
  await signIn(other);
  await other.close();
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(again).toBeHidden();
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  await expect(page.getByRole('dialog').getByLabel('Name')).toHaveValue('Typed before');
});

test('what one has typed is not for somebody else to save, who signs in in another tab', async ({ page, context }) => {
  const { link } = await call('POST', '/api/people', { email: 'mary@example.com', name: 'Mary', roles: [{ role: 'owner' }] });
  await signIn(page);
  await page.goto('/realms');
  await page.getByRole('button', { name: 'New realm' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Of Ada');
  const other = await context.newPage();
  await other.goto(String(link));
  await other.getByLabel('Password', { exact: true }).fill('correct horse staple');
  await other.getByLabel('Once more').fill('correct horse staple');
  await other.getByRole('button', { name: 'Set it and sign in' }).click();
  await expect(other.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await other.close();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await page.getByRole('button', { name: 'Account and appearance' }).click();
  await expect(page.getByText('mary@example.com')).toBeVisible();
});

test('shortcuts of a single key can be switched off', async ({ page }) => {
  await signIn(page);
  await page.goto('/models');
  const search = page.getByRole('searchbox');
  await expect(search).toBeVisible();
  await page.keyboard.press('/');
  await expect(search).toBeFocused();
  await search.blur();
  await page.getByRole('button', { name: 'Account and appearance' }).click();
  await page.getByRole('menuitem', { name: 'Single-key shortcuts: on' }).click();
  await page.getByRole('menuitem', { name: 'Single-key shortcuts: off' }).press('Escape');
  await page.keyboard.press('/');
  await expect(search).not.toBeFocused();
});

test('a tab that nobody sees holds no stream, and one that is seen follows a storm', async ({ page }) => {
  await signIn(page);
  await page.goto('/realms');
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  const see = (state: string) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  const ended = page.waitForEvent('requestfailed', (r) => r.url().startsWith(`${url}/api/events`));
  await see('hidden');
  await ended;
  await call('PATCH', '/api/realms/edited', { name: 'Edited unseen' });
  const opened = page.waitForRequest(/\/api\/events/);
  await see('visible');
  await opened;
  await expect(page.getByRole('row', { name: /Edited unseen/ })).toBeVisible();

  // An answer that takes longer than the next event does is not given up for it.
  await page.route(/\/api\/realms\?/, async (route) => {
    await new Promise((done) => setTimeout(done, 700));
    await route.continue();
  });
  let [storm, n] = [true, 0];
  const blow = async () => {
    while (storm) {
      await call('PATCH', '/api/realms/edited', { name: `Storm ${n++}` });
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const blown = blow();
  await expect(page.getByRole('row', { name: /Storm/ })).toBeVisible();
  storm = false;
  await blown;
  await expect(page.getByRole('row', { name: `Storm ${n - 1} ` })).toBeVisible();
  await call('PATCH', '/api/realms/edited', { name: 'Edited' });
});
