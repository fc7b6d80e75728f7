// What can be taken back: the end of a grant, the choice of an agent's model, the sessions elsewhere; what a list leaves out, and its file.

import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { Agent, call, ensureOwner, owner, signIn, upstream, url, watch } from './world';

const model = 'openai-compatible/undone';
const agent = new Agent();
let did = '';

test.beforeAll(async () => {
  await ensureOwner();
  await call('POST', '/api/models', { name: 'undone', provider: 'openai-compatible', modelId: 'fake-model', baseUrl: upstream });
  await call('POST', '/api/realms', { name: 'Undoing' });
  const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
  await call('POST', '/api/models/undone/realms', { realmId: 'undoing', expiresAt });
  const made = await call('POST', '/api/enrollment-tokens', { realmIds: ['undoing'] });
  did = await agent.enroll('undoer', String(made.token));
  agent.run();
});
test.afterAll(() => agent.stop());

/** Chooses from a list that opens below a field. */
async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await page.getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option }).click();
}

test('the end of a grant is lifted', async ({ page }) => {
  const wrong = watch(page);
  await signIn(page);
  await page.goto('/realms/undoing');
  const row = page.getByRole('row', { name: new RegExp(model) });
  await expect(row).not.toContainText('never');
  await row.getByRole('button', { name: `Actions for ${model}` }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'No end' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('never');
  expect((await call('GET', '/api/models/undone/realms/undoing')).expiresAt).toBeNull();
  expect(wrong).toEqual([]);
});

test('the choice of a model is taken back', async ({ page }) => {
  await signIn(page);
  await page.goto(`/agents/${did}`);
  await expect(page.getByText(/, chosen by rule\./)).toBeVisible();
  await choose(page, 'Realm', /Undoing/);
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue(model);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/, as it was chosen\./)).toBeVisible();
  await choose(page, 'Realm', 'Chosen by rule');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/, chosen by rule\./)).toBeVisible();
  expect(await call('GET', `/api/agents/${did}/llm-config`)).toMatchObject({ mode: 'realm', realmId: null, realmModelId: null, state: 'active' });
});

test('all other sessions end at once', async ({ page, request }) => {
  const elsewhere = await request.post(`${url}/api/auth/login`, { data: { email: owner.email, password: owner.password } });
  expect(elsewhere.ok()).toBe(true);
  await signIn(page);
  await page.goto('/account');
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End them' }).click();
  await expect(page.getByText(/Ended \d+ session/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'End all others' })).toBeHidden();
  expect((await request.get(`${url}/api/me`)).status()).toBe(401);
});

test('steps on proxies are left out by the API', async ({ page }) => {
  await signIn(page);
  const asked: string[] = [];
  page.on('request', (r) => { if (new URL(r.url()).pathname === '/api/changes') asked.push(new URL(r.url()).search); });
  await page.goto('/changes');
  await expect(page.getByRole('row', { name: /Granted/ }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /is now as wanted on/ })).toHaveCount(0);
  // Asked again when something happens, but never for a further page.
  expect(asked.length).toBeGreaterThan(0);
  for (const query of asked) expect(query).toBe('?limit=50&notKind=proxy.applied');
  await page.getByLabel('Steps on proxies').check();
  await expect(page.getByRole('row', { name: /is now as wanted on/ }).first()).toBeVisible();
});

test('a file has what matches, of a list that the API searches and of one that is searched here', async ({ page }) => {
  await signIn(page);
  for (const [path, rows] of [['/realms?q=undoing', 1], ['/proxies?q=default', 1], ['/proxies?q=nobody-is-called-so', 0]] as const) {
    await page.goto(path);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: /as CSV$/ }).click();
    const text = await readFile(await (await download).path(), 'utf8');
    expect(text.trim().split('\n'), path).toHaveLength(1 + rows);
  }
});

test('a log is read from either end', async ({ page }) => {
  await signIn(page);
  await page.goto('/changes?steps=shown');
  const number = page.getByRole('row').nth(1).getByRole('cell').first();
  await expect(page.getByRole('columnheader', { name: 'When' })).toHaveAttribute('aria-sort', 'descending');
  await expect(number).not.toHaveText('1');
  await page.getByRole('button', { name: 'When' }).click();
  await expect(page).toHaveURL(/sort=at/);
  await expect(number).toHaveText('1');
  await page.getByRole('button', { name: 'When' }).click();
  await expect(page).not.toHaveURL(/sort=/);
  await expect(number).not.toHaveText('1');
});
