// What the control plane under test is, and how to get in: CONSOLE_* come from tests/tests/console.rs.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';

const need = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: tests/tests/console.rs sets it`);
  return value;
};

export const url = need('CONSOLE_URL');
export const setupLink = need('CONSOLE_SETUP_LINK');
export const upstream = need('CONSOLE_UPSTREAM');
export const owner = { email: 'ada@example.com', name: 'Ada Lovelace', password: 'correct horse battery' };

/** A call of the public API with the bootstrap token, for what is no step of the console. */
export async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${need('CONSOLE_TOKEN')}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** Makes the first owner, unless another file did. */
export async function ensureOwner(): Promise<void> {
  const token = new URL(setupLink).hash.slice(1);
  const body = JSON.stringify({ ...owner, token });
  await fetch(`${url}/api/auth/setup`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

/** Not by the page, which has tests of its own: this is quicker. */
export async function signIn(page: Page, at = url): Promise<void> {
  const answer = await page.request.post(`${at}/api/auth/login`, { data: { email: owner.email, password: owner.password } });
  expect(answer.ok(), await answer.text()).toBe(true);
  await page.goto(at);
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
}

/** A real agent, with an identity of its own. */
export class Agent {
  readonly dir = mkdtempSync(join(tmpdir(), 'reeve-agent-'));
  private running?: ChildProcess;

  private env() {
    return { ...process.env, REEVE_URL: url, REEVE_AGENT_DIR: this.dir };
  }

  /** Returns its DID. Without a token it waits for approval. */
  async enroll(name: string, token?: string): Promise<string> {
    const args = ['enroll', '--name', name, '--output', 'json', ...(token ? ['--token', token] : [])];
    const out = await new Promise<string>((done, failed) => {
      execFile(need('CONSOLE_AGENT'), args, { env: this.env() }, (error, stdout, stderr) => (error ? failed(new Error(stderr)) : done(stdout)));
    });
    return (JSON.parse(out) as { did: string }).did;
  }

  run(): void {
    this.running = spawn(need('CONSOLE_AGENT'), ['run'], { env: this.env(), stdio: 'ignore' });
    process.once('exit', () => this.stop());
  }

  stop(): void {
    this.running?.kill();
  }
}

/** Everything that a page must not do: break, be stopped by its own policy, or ask another origin for something. */
export function watch(page: Page, at = url): string[] {
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(`error: ${String(error)}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) wrong.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'blob:' && to.origin !== new URL(at).origin) wrong.push(`elsewhere: ${request.url()}`);
  });
  return wrong;
}
