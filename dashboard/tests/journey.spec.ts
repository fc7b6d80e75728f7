// The main job, as an owner does it, from the first link to a revocation that is proven; each step is seen in the page.

import { expect, test, type Locator, type Page } from '@playwright/test';
import { Agent, owner, setupLink, upstream, watch } from './world';

/** Chooses in a drop-down that is searched by typing. */
async function choose(field: Locator, page: Page, text: string): Promise<void> {
  await field.click();
  await field.fill(text);
  await page.getByRole('option', { name: text }).first().click();
}

async function registerModel(page: Page, name: string): Promise<void> {
  await page.goto('/models');
  await page.getByRole('button', { name: 'Register model' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Provider' }).fill('openai-compatible');
  await dialog.getByRole('button', { name: /openai-compatible/ }).click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByLabel('Model id at the provider').fill('fake-model');
  await dialog.getByLabel('Base URL').fill(upstream);
  await dialog.getByRole('button', { name: 'Test connection' }).click();
  await expect(dialog.getByText('Every proxy can call it.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Register', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

async function grant(page: Page, model: string): Promise<void> {
  await page.goto('/realms/research');
  await page.getByRole('button', { name: 'Grant a model' }).first().click();
  const dialog = page.getByRole('dialog');
  await choose(dialog.getByRole('combobox', { name: 'Model' }), page, model);
  await dialog.getByLabel('Reason').fill('They asked for it');
  await dialog.getByRole('button', { name: 'Grant', exact: true }).click();
  await expect(page.getByRole('row', { name: new RegExp(model, 'i') })).toContainText('active');
}

test('from the first link to a proven revocation', async ({ page }) => {
  test.setTimeout(600_000);
  const wrong = watch(page);
  const agent = new Agent();
  const stranger = new Agent();

  await test.step('the first owner', async () => {
    await page.goto(setupLink);
    await expect(page).toHaveURL(/\/setup$/);
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Name').fill(owner.name);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByLabel('Once more').fill('short');
    await page.getByRole('button', { name: 'Set it and sign in' }).click();
    await expect(page.getByText('At least 12 characters', { exact: true })).toBeVisible();
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByLabel('Once more').fill(owner.password);
    await page.getByRole('button', { name: 'Set it and sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'First steps' })).toBeVisible();
    await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  });

  await test.step('two models', async () => {
    await registerModel(page, 'Small');
    await registerModel(page, 'Large');
  });

  await test.step('a realm', async () => {
    await page.goto('/realms');
    await page.getByRole('button', { name: 'New realm' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Research');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Research' })).toBeVisible();
  });

  let did = '';
  await test.step('an agent comes in with a token', async () => {
    await page.goto('/enrollment');
    await page.getByRole('button', { name: 'New token' }).first().click();
    const dialog = page.getByRole('dialog');
    await choose(dialog.getByRole('combobox', { name: 'Realms' }), page, 'Research');
    await dialog.getByLabel('For how many agents').click();
    await dialog.getByRole('button', { name: 'Make it' }).click();
    const token = await page.getByRole('textbox', { name: 'The enrolment token' }).inputValue();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    did = await agent.enroll('claude-code', token);
    agent.run();
    await page.goto(`/agents/${did}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('claude-code');
    await expect(page.getByText('Nothing may be used now')).toBeVisible();
  });

  await test.step('a grant arrives, while one looks', async () => {
    const looking = await page.context().newPage();
    await looking.goto(`/agents/${did}`);
    await expect(looking.getByText('Nothing may be used now')).toBeVisible();
    await grant(page, 'Small');
    // Nobody reloads it: the stream says that there is something new.
    await expect(looking.getByText('Realm Routing is active')).toBeVisible();
    await expect(looking.getByText('In step')).toBeVisible();
    await looking.close();
    await grant(page, 'Large');
  });

  await test.step('the agent is given the other model', async () => {
    await page.goto(`/agents/${did}`);
    await choose(page.getByRole('combobox', { name: 'Realm' }), page, 'Research');
    await choose(page.getByRole('combobox', { name: 'Model' }), page, 'openai-compatible/large');
    await page.getByRole('button', { name: 'Save' }).click();
    const became = page.getByRole('group', { name: 'What became of it' });
    await expect(became).toContainText(/Saved, revision \d+/);
    await expect(became).toContainText('Sent to the agent');
    await expect(became).toContainText(/Running since/);
    await expect(page.getByRole('alert').filter({ hasText: 'Realm Routing is active' })).toContainText('large');
  });

  await test.step('may it, and why', async () => {
    await page.goto(`/explain?agent=${did}&model=small`);
    await expect(page.getByRole('heading', { name: /^Yes/ })).toBeVisible();
  });

  await test.step('a revocation is shown until it is proven', async () => {
    await page.goto('/realms/research');
    await page.getByRole('button', { name: 'Actions for openai-compatible/small' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByRole('link', { name: /^Change \d+: see it arrive/ }).click();
    await expect(page.getByText('Proven').first()).toBeVisible();
    await expect(page.getByText(/refused/i).first()).toBeVisible();
    await page.goto(`/explain?agent=${did}&model=small`);
    await expect(page.getByRole('heading', { name: /^No/ })).toBeVisible();
  });

  await test.step('the key is replaced', async () => {
    await page.goto('/realms/research?tab=key');
    await page.getByRole('button', { name: 'Rotate' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
    await expect(page.getByRole('row', { name: /retiring/ })).toBeVisible();
    await expect(page.getByRole('row', { name: /current/ })).toBeVisible();
  });

  await test.step('the realm is stopped, and goes on', async () => {
    await page.goto('/realms/research');
    await page.getByRole('button', { name: 'Freeze', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('A look at the bill');
    await page.getByRole('dialog').getByRole('button', { name: 'Freeze', exact: true }).click();
    await expect(page.getByText('Frozen: its agents can call nothing')).toBeVisible();
    await page.getByRole('button', { name: 'Unfreeze' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unfreeze' }).click();
    await expect(page.getByText('Frozen: its agents can call nothing')).toBeHidden();
  });

  await test.step('a stranger waits, and is let in', async () => {
    await page.goto('/agents?status=pending');
    await stranger.enroll('stranger');
    await page.getByRole('button', { name: 'Approve stranger' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    // To leave the page earlier would break the call off.
    await expect(page.getByRole('dialog')).toBeHidden();
    await page.goto('/agents?status=approved');
    await expect(page.getByRole('row', { name: /stranger/ })).toBeVisible();
  });

  await test.step('the record has all of it', async () => {
    await page.goto('/audit');
    for (const words of ['Approved an agent', 'Let something frozen go on', 'Rotated a virtual key', 'Revoked a grant', 'Granted a model']) {
      await expect(page.getByRole('button', { name: new RegExp(`^${words}: row \\d+$`) }).first()).toBeVisible();
    }
    await page.getByRole('button', { name: /^Revoked a grant: row \d+$/ }).first().click();
    const row = page.getByRole('dialog');
    await expect(row).toContainText(owner.email);
    await expect(row.getByText('Hash of the row before')).toBeVisible();
  });

  agent.stop();
  expect(wrong).toEqual([]);
});
