import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { makeCertificate } from './certificates.js';
import { accepts, freePort } from './net.js';
import { until } from './wait.js';

/** The program under test; `tests/e2e/run` sets it. */
export const binary = process.env.TIDEGATE_BINARY ?? '';
if (!binary) throw new Error('TIDEGATE_BINARY names no program; use tests/e2e/run BINARY');

export const smoke = process.env.TIDEGATE_E2E_SMOKE === '1';

const sanitizer = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer/;

const alive = new Set();
const directories = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});

/** A directory that goes when the test file has ended. */
export function temporaryDirectory() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tidegate-e2e-'));
  directories.add(directory);
  return directory;
}

/** So that a stop does not take the default's ten seconds; and access records where a test can read them. */
const defaults = (site) => ({
  drain: 'drain: { window: 50ms, deadline: 3s }',
  log: `log: { access: "${site.accessLog}" }`,
});

/**
 * A running gateway with a directory, two free ports and a certificate of its own.
 *
 *     const gateway = await Gateway.start({ yaml: (site) => `listeners: …${site.http}…` });
 *     …
 *     await gateway.stop();   // SIGTERM; fails unless it ends well
 */
export class Gateway {
  static async start({ yaml, args = (site) => ['run', '-c', site.file] }) {
    const gateway = new Gateway();
    await gateway.prepare();
    if (yaml) gateway.configure(yaml);
    await gateway.launch(args(gateway));
    return gateway;
  }

  async prepare() {
    this.directory = temporaryDirectory();
    this.file = path.join(this.directory, 'tidegate.yaml');
    this.accessLog = path.join(this.directory, 'access.log');
    this.http = await freePort();
    this.https = await freePort();
    Object.assign(this, await makeCertificate(this.directory, 'localhost', { names: ['localhost', '127.0.0.1'] }));
    this.ca = fs.readFileSync(this.certificate);
    /** The `tls` of a listener, as YAML. */
    this.tls = `{ certificates: [{ certificate: "${this.certificate}", private_key: "${this.privateKey}" }] }`;
    this.stdout = '';
    this.stderr = '';
  }

  configure(yaml) {
    let text = yaml(this);
    for (const [key, line] of Object.entries(defaults(this))) {
      if (!new RegExp(`^${key}:`, 'm').test(text)) text += `\n${line}\n`;
    }
    fs.writeFileSync(this.file, text);
  }

  /** `program` instead of the binary under test, `stdio` besides its first three. */
  async launch(args, { program = binary, stdio = [] } = {}) {
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', ...stdio], cwd: this.directory });
    alive.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.exited = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        alive.delete(this.child);
        this.end = { code, signal };
        resolve(this.end);
      });
    });
    const ready = async () => {
      if (this.end) throw new Error(`the gateway ended at once (${JSON.stringify(this.end)}):\n${this.stderr}`);
      const wanted = this.file && fs.existsSync(this.file) ? fs.readFileSync(this.file, 'utf8') : args.join(' ');
      const ports = [this.http, this.https].filter((port) => wanted.includes(String(port)));
      return (await Promise.all(ports.map(accepts))).every(Boolean);
    };
    await until(ready, 'the gateway to listen', 20_000).catch((error) => {
      throw new Error(`${error.message}\n${this.stderr}`);
    });
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Asks it to drain; fails unless it ends with 0, in time, and no sanitizer spoke. */
  async stop(signal = 'SIGTERM') {
    if (!this.end) this.signal(signal);
    await this.ended();
  }

  async ended(timeoutMs = 15_000) {
    await until(() => this.end, 'the gateway to end', timeoutMs).catch((error) => {
      this.signal('SIGKILL');  // a test file ends when its children have
      throw new Error(`${error.message}\n${this.stderr}`);
    });
    assert.doesNotMatch(this.stderr, sanitizer);
    assert.deepEqual(this.end, { code: 0, signal: null }, this.stderr);
  }

  /** The access log's records so far. */
  accessRecords() {
    if (!fs.existsSync(this.accessLog)) return [];
    const lines = fs.readFileSync(this.accessLog, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }
}
