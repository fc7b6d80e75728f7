// What must hold when things go wrong: a session that ends keeps the form, a lost connection says since when, a secret does
// not stay, and a link cannot lead elsewhere.

import { createServer, connect, type Server, type Socket } from 'node:net';
import { expect, test } from '@playwright/test';
import { accessible, fits, view, VIEWS } from './look';
import { call, ensureOwner, owner, signIn, url, watch } from './world';

test.beforeAll(ensureOwner);

test('a session that ends takes nothing that was typed', async ({ page }) => {
  // The stream would find out, too, and so would the question that its loss leads to: here it is the form that does.
  await page.route('**/api/events*', (route) => route.abort());
  await signIn(page);
  await page.goto('/realms');
  await page.getByRole('button', { name: /(New|Create|Make).*realm/i }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill('Kept over');
  await page.route('**/api/me', (route) => route.abort());
  // Ended by somebody else.
  const people = (await call('GET', '/api/people')) as { items: { id: string; email: string }[] };
  const me = people.items.find((p) => p.email === owner.email);
  await call('DELETE', `/api/people/${me?.id}/sessions`);
  await dialog.getByRole('button', { name: /create|save|make/i }).click();
  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(again).toBeVisible();
  await page.unroute('**/api/me');
  for (const how of VIEWS) {
    await view(page, how);
    await accessible(page, `the session has ended, ${how.join(' ')}`);
    await fits(page, 'what says that the session has ended');
  }
  await again.getByLabel('Password', { exact: true }).fill(owner.password);
  await again.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(again).toBeHidden();
  await expect(dialog.getByLabel('Name', { exact: false }).first()).toHaveValue('Kept over');
  await dialog.getByRole('button', { name: /create|save|make/i }).click();
  await expect(page.getByText('Kept over').first()).toBeVisible();
});

/** A way to Reeve that can be cut. */
class Wire {
  private readonly sockets = new Set<Socket>();
  private server?: Server;
  private muted = false;
  port = 0;

  async open(): Promise<void> {
    const target = new URL(url);
    this.server = createServer((from) => {
      const to = connect(Number(target.port), target.hostname);
      for (const socket of [from, to]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
      }
      if (!this.muted) from.pipe(to).pipe(from);
    });
    await new Promise<void>((done) => this.server?.listen(this.port, '127.0.0.1', done));
    const address = this.server.address();
    if (address && typeof address === 'object') this.port = address.port;
  }

  /** Connections stay open, and can be opened, but nothing gets through; afterwards they are known to be dead. */
  mute(muted: boolean): void {
    this.muted = muted;
    for (const socket of this.sockets) if (muted) socket.unpipe().pause(); else socket.destroy();
  }

  cut(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

test('a lost connection says since when, and comes back by itself', async ({ page }) => {
  const wire = new Wire();
  await wire.open();
  const through = `http://127.0.0.1:${wire.port}`;
  const wrong = watch(page, through);
  await signIn(page, through);
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  wire.cut();
  await expect(page.getByRole('alert').filter({ hasText: /Connection lost, showing data from \d\d:\d\d/ })).toBeVisible();
  await page.clock.install();
  await wire.open();
  await page.clock.runFor(60_000);
  await expect(page.getByRole('alert').filter({ hasText: 'Connection lost' })).toBeHidden();
  wire.cut();
  expect(wrong).toEqual([]);
});

test('a connection that died without a word is given up', async ({ page }) => {
  const wire = new Wire();
  await wire.open();
  const through = `http://127.0.0.1:${wire.port}`;
  await page.clock.install();
  await signIn(page, through);
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  // Longer than the service is silent, but not in truth.
  await page.clock.fastForward(30_000);
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  wire.mute(true);
  await page.clock.fastForward(45_000);
  const lost = page.getByRole('alert').filter({ hasText: /Connection lost, showing data from \d\d:\d\d/ });
  await expect(lost).toBeVisible();
  // Opened again, and never answered: that is given up as well.
  for (const wait of [2_000, 45_000]) {
    const asked = page.waitForRequest(/\/api\/events/);
    await page.clock.fastForward(wait);
    await page.clock.fastForward(wait);
    await asked;
  }
  wire.mute(false);
  await page.clock.fastForward(60_000);
  await expect(lost).toBeHidden();
  wire.cut();
});

test('what another admin does is seen at once, also where it is no change', async ({ page }) => {
  await signIn(page);
  await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
  const made: [string, string, object][] = [
    ['/access?tab=people', '/api/people', { email: 'alan@example.com', name: 'Alan', roles: [{ role: 'auditor' }] }],
    ['/access?tab=tokens', '/api/tokens', { name: 'alan', expiresAt: null, permissions: ['grants:write'] }],
    ['/access?tab=ci-rules', '/api/workload-rules', {
      name: 'alan', issuer: 'https://gitlab.example.com', audience: 'reeve', claims: { project_path: 'acme/agents' }, permissions: ['grants:write'],
    }],
  ];
  for (const [path, route, body] of made) {
    await page.goto(path);
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    await expect(page.getByRole('status', { name: /Live/ })).toBeVisible();
    await expect(page.getByText('alan', { exact: false })).toHaveCount(0);
    await call('POST', route, body);
    await expect(page.getByText('alan', { exact: false }).first()).toBeVisible();
  }
});

test('what is shown once is nowhere afterwards', async ({ page }) => {
  await signIn(page);
  await page.goto('/enrollment');
  await page.getByRole('button', { name: /(New|Create|Make).*token/i }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: /create|make/i }).click();
  const field = page.getByRole('dialog').getByRole('textbox').first();
  await expect(field).toHaveValue(/^reeve-enroll-/);
  const secret = await field.inputValue();
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const kept = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }) + window.location.href);
  expect(kept).not.toContain(secret);
});

test('a link leads to no other site', async ({ page }) => {
  for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    await page.context().clearCookies();
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    expect(new URL(page.url()).origin).toBe(url);
  }
});

test('an unknown problem of an identity provider has no words of its own', async ({ page }) => {
  await page.goto('/sign-in?problem=Call%20this%20number');
  await expect(page.getByRole('alert')).toContainText('did not work out');
  await expect(page.getByText('Call this number')).toHaveCount(0);
});
