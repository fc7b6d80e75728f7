// Every page, in both schemes and on a phone: accessible (axe, WCAG 2.2 AA), within its window, kept to its origin, and small
// enough. With CONSOLE_SCREENSHOTS a picture of each goes to that folder (`./dev screenshots`).

import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { accessible, fits, pictures, settle, view, VIEWS, type View } from './look';
import { paths } from './paths';
import { seed } from './seed';
import { call, signIn, url, watch } from './world';

/** First load, compressed: everything until the first page is there. */
const BUDGET = { bytes: 285_000, requests: 45, shift: 0.1, nodes: 1_500 };

/** On pictures, wide and light too. */
const LOOKS: readonly View[] = pictures ? [['light', 1280], ...VIEWS] : VIEWS;

test.beforeAll(async () => { await seed(); });

test('every page in light, dark and on a phone', async ({ page }) => {
  test.setTimeout(600_000);
  const wrong = watch(page);
  await signIn(page);
  const { did, proxy } = await seed();
  const { revision } = (await call('GET', '/api/overview')) as { revision: number };
  const all = paths({ model: 'gpt-4o', realm: 'platform', other: 'support', did, proxy, revision });
  for (const path of all) {
    await page.goto(path);
    await settle(page);
    for (const look of LOOKS) {
      const [colorScheme, width] = look;
      const what = `${path} in ${colorScheme} at ${width}`;
      await view(page, look);
      await accessible(page, what);
      await fits(page, what);
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
        // Ours change Mantine's, so those come first.
        firstStyles: document.styleSheets[0]?.href ?? '',
        unzipped: files.filter((e) => /\.(js|css)$/.test(e.name) && e.encodedBodySize === e.decodedBodySize).map((e) => e.name),
      };
    });
    test.info().annotations.push({ type: 'load', description: JSON.stringify(load) });
    expect(load.bytes).toBeLessThan(BUDGET.bytes);
    expect(load.requests).toBeLessThan(BUDGET.requests);
    expect(load.shift).toBeLessThan(BUDGET.shift);
    expect(load.nodes).toBeLessThan(BUDGET.nodes);
    expect(load.firstStyles).toMatch(/\/mantine-/);
    expect(load.unzipped).toEqual([]);
  });
}
