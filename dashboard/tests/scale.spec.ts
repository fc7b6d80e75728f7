// With a large fleet (tests/scale/fleet.sql): how long the service takes for what each page asks, and whether its lists scroll
// smoothly. About time, so it is not run in CI: `./dev scale`.

import { expect, test } from '@playwright/test';
import { paths } from './paths';
import { settle } from './look';
import { call, ensureOwner, signIn } from './world';

const LOADS = 5;
/** From the last byte of the request to the first of the answer. */
const ANSWER_MS = 200;
/** Between two pictures while a list is scrolled; a screen shows one each 16.7 ms. */
const FRAME_MS = 25;

const median = (all: number[]) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

test.beforeAll(ensureOwner);

test('every page is answered quickly and scrolls smoothly', async ({ page }) => {
  test.setTimeout(1_200_000);
  const first = async (path: string, field: string) => ((await call('GET', path)) as { items: Record<string, string>[] }).items[0]?.[field] ?? '';
  const { revision } = (await call('GET', '/api/overview')) as { revision: number };
  const shown = {
    model: await first('/api/models?search=model-1&limit=1', 'id'),
    realm: 'realm-1',
    did: await first('/api/agents?search=agent-501&limit=1', 'did'),
    proxy: await first('/api/proxies?limit=1', 'id'),
    revision: revision - 5,
  };
  // The newest change is of the first realm, in which everybody is.
  const all = [...paths(shown), `/changes/${revision}`];
  await signIn(page);
  const took = new Map<string, number[]>();
  let at = '';
  page.on('requestfinished', (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith('/api/') || pathname === '/api/events') return;
    const { requestStart, responseStart } = request.timing();
    const key = `${at}  ${request.method()} ${pathname}${search}`;
    took.set(key, [...(took.get(key) ?? []), responseStart - requestStart]);
  });
  const frames: [string, number, number][] = [];
  for (at of all) {
    for (let load = 0; load < LOADS; load += 1) {
      await page.goto(at);
      await settle(page);
    }
    const between = await page.evaluate(async () => {
      const found: number[] = [];
      let last = 0;
      for (let n = 0; n < 60; n += 1) {
        window.scrollBy(0, 40);
        const now = await new Promise<number>((done) => requestAnimationFrame(done));
        if (last) found.push(now - last);
        last = now;
      }
      return found;
    });
    frames.push([at, median(between), Math.max(...between)]);
  }
  const answers = [...took].map(([key, all]) => ({ key, ms: median(all), most: Math.max(...all) })).sort((a, b) => b.ms - a.ms);
  const row = (a: number, b: number, what: string) => `${a.toFixed(1).padStart(8)} ${b.toFixed(1).padStart(8)}  ${what}\n`;
  frames.sort((a, b) => b[1] - a[1]);
  process.stdout.write(
    [
      `\n${answers.length} answers, ${LOADS} times each: the slowest, median and most in ms\n`,
      ...answers.slice(0, 25).map(({ key, ms, most }) => row(ms, most, key)),
      '\nWhile scrolling: between two pictures, median and most in ms\n',
      ...frames.slice(0, 5).map(([path, ms, most]) => row(ms, most, path)),
    ].join(''),
  );
  expect(answers.length).toBeGreaterThan(40);
  expect(answers.filter(({ ms }) => ms >= ANSWER_MS)).toEqual([]);
  expect(frames.filter(([, ms]) => ms > FRAME_MS)).toEqual([]);
});
