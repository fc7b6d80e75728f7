// Every page, in both schemes and on a phone: accessible (axe, WCAG 2.2 AA), within its window, kept to its origin, and small
// enough. With CONSOLE_SCREENSHOTS a picture of each goes to that folder (`./dev screenshots`).

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { seed, type Seeded } from './seed';
import { call, ensureOwner, signIn, url, watch } from './world';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.CONSOLE_SCREENSHOTS;
/** Without pictures, each scheme and each width once: what differs between the rest is what these show. */
const VIEWS = pictures ? ([['light', 1280], ['dark', 1280], ['light', 390]] as const) : ([['dark', 1280], ['light', 390]] as const);
/** First load, compressed: everything until the first page is there. */
const BUDGET = { bytes: 300_000, requests: 45, shift: 0.1, nodes: 1_500 };

let seeded: Seeded | undefined;
test.beforeAll(async () => {
  await ensureOwner();
  seeded = await seed();
});
test.afterAll(() => {
  for (const agent of seeded?.agents ?? []) agent.stop();
});

/** Shows the page as somebody sees it who prefers this scheme and a window of this width. */
async function view(page: Page, colorScheme: 'light' | 'dark', width: number): Promise<void> {
  await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
  await settle(page);
}

/** Until what the page asks for is there, and nothing moves or changes its colour any more. */
async function settle(page: Page): Promise<void> {
  await expect(page.locator('h1')).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  // Fonts change the width of text.
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => !document.getAnimations().some((a) => a instanceof CSSTransition));
}

async function accessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (on: Document, how: object) => Promise<AxeResults> } };
    return (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations;
  });
  const said = found.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary})`).join('; ')}`);
  expect(said, what).toEqual([]);
}

test('every page in light, dark and on a phone', async ({ page }) => {
  test.setTimeout(600_000);
  const wrong = watch(page);
  await signIn(page);
  if (!seeded) throw new Error('nothing was seeded');
  const { did, proxy } = seeded;
  const { revision } = (await call('GET', '/api/overview')) as { revision: number };
  const paths = [
    '/', '/models', '/models/gpt-4o', '/credentials', '/realms', '/realms/platform', '/realms/platform?tab=members', '/realms/platform?tab=key',
    '/realms/platform?tab=placement', '/realms/platform?tab=activity', '/realms/support', '/agents', `/agents/${did}`,
    `/agents/${did}?tab=membership`, `/agents/${did}?tab=access`, `/agents/${did}?tab=history`, '/enrollment',
    '/proxies', `/proxies/${proxy}`, '/changes', `/changes/${revision}`, `/explain?agent=${did}&model=local`,
    '/access?tab=people', '/access?tab=tokens', '/access?tab=ci-rules', '/access?tab=identity-providers', '/access?tab=roles', '/account', '/audit', '/settings',
    '/nothing-here',
  ];
  for (const path of paths) {
    await page.goto(path);
    await settle(page);
    for (const [colorScheme, width] of VIEWS) {
      const what = `${path} in ${colorScheme} at ${width}`;
      await view(page, colorScheme, width);
      await accessible(page, what);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(beyond, `${what} does not scroll sideways`).toBeLessThanOrEqual(0);
      if (pictures) {
        const name = path.split(did).join('agent').split(proxy).join('proxy').replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'overview';
        await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      }
    }
  }
  expect(wrong).toEqual([]);
});

for (const [path, signedIn] of [['/sign-in', false], ['/setup', false], ['/', true], ['/agents', true]] as const) {
  test(`the first load of ${path} is within its budget`, async ({ page, context }) => {
    if (signedIn) await signIn(page);
    const fresh = await context.newPage();
    // As for somebody who was never here.
    const session = await context.newCDPSession(fresh);
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await fresh.addInitScript(() => {
      const shifts = ((window as unknown as { shifts: number[] }).shifts = []) as number[];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await fresh.goto(url + path);
    await settle(fresh);
    const load = await fresh.evaluate(() => {
      const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')] as PerformanceResourceTiming[];
      const files = entries.filter((e) => !new URL(e.name).pathname.startsWith('/api/'));
      return {
        bytes: files.reduce((sum, e) => sum + e.encodedBodySize, 0),
        requests: files.length,
        shift: (window as unknown as { shifts: number[] }).shifts.reduce((a, b) => a + b, 0),
        nodes: document.querySelectorAll('*').length,
        unzipped: files.filter((e) => /\.(js|css)$/.test(e.name) && e.encodedBodySize === e.decodedBodySize).map((e) => e.name),
      };
    });
    test.info().annotations.push({ type: 'load', description: JSON.stringify(load) });
    expect(load.bytes).toBeLessThan(BUDGET.bytes);
    expect(load.requests).toBeLessThan(BUDGET.requests);
    expect(load.shift).toBeLessThan(BUDGET.shift);
    expect(load.nodes).toBeLessThan(BUDGET.nodes);
    expect(load.unzipped).toEqual([]);
  });
}
