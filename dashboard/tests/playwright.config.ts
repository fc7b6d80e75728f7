// How the browser tests run: tests/tests/console.rs starts a control plane and says in CONSOLE_* where everything is.

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  outputDir: process.env.CONSOLE_RESULTS ?? 'test-results',
  // Each file goes on where the one before it left the control plane.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 180_000,
  // Long, because machines are shared; a wait ends as soon as what it waits for is there.
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    baseURL: process.env.CONSOLE_URL,
    viewport: { width: 1280, height: 900 },
    actionTimeout: 30_000,
    launchOptions: {
      executablePath: process.env.CONSOLE_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
