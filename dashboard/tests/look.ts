// How a page is looked at: in which scheme and how wide, when it has come to rest, and what is judged then.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A folder for a picture of everything that is looked at, or nothing. */
export const pictures = process.env.CONSOLE_SCREENSHOTS;

export type View = readonly ['light' | 'dark', number];
/** Each scheme and each width once: what differs between the rest is what these show. */
export const VIEWS: readonly View[] = [['dark', 1280], ['light', 390]];

/** Shows the page as somebody sees it who prefers this scheme and a window of this width. */
export async function view(page: Page, [colorScheme, width]: View): Promise<void> {
  await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
  await settle(page);
}

/** Until what the page asks for is there, and nothing moves or changes its colour any more. */
export async function settle(page: Page): Promise<void> {
  await expect(page.locator('h1')).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  // Fonts change the width of text.
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => !document.getAnimations().some((a) => a instanceof CSSTransition));
}

/** WCAG 2.2 AA, as far as axe sees it; of the whole page, or of what the selectors find. */
export async function accessible(page: Page, what: string, within: string[] = ['html']): Promise<void> {
  // Once for each document.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (include) => {
    const { axe } = window as unknown as { axe: { run: (on: object, how: object) => Promise<AxeResults> } };
    return (await axe.run({ include: include.map((s) => [s]) }, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations;
  }, within);
  const said = found.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary})`).join('; ')}`);
  expect.soft(said, what).toEqual([]);
}

export async function fits(page: Page, what: string): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(beyond, `${what} does not scroll sideways`).toBeLessThanOrEqual(0);
}
