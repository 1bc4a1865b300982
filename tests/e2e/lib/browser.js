import fs from 'node:fs';

import { chromium } from 'playwright-core';

import { temporaryDirectory } from './gateway.js';

const executables = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A headless browser with a profile of its own that accepts self-signed certificates. Answers its context. */
export function startBrowser() {
  const executablePath = executables.find((each) => each && fs.existsSync(each));
  if (!executablePath) throw new Error('no Chromium found; set CHROMIUM');
  return chromium.launchPersistentContext(temporaryDirectory(), {
    executablePath,
    headless: true,
    ignoreHTTPSErrors: true,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}
