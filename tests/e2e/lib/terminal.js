import { spawn } from 'node:child_process';

import { until } from './wait.js';

/** A shell's command line on a pseudo-terminal of 100 columns and 20 rows, which remembers all that it showed. */
export class Terminal {
  constructor(commands) {
    this.screen = '';
    this.child = spawn('script', ['-qec', `stty cols 100 rows 20; ${commands}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SHELL: '/bin/sh' },
    });
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.screen += text));
    this.child.on('close', (code) => (this.code = code));
    process.on('exit', () => this.child.kill('SIGKILL'));
  }

  type(keys) {
    this.child.stdin.write(keys);
  }

  async shows(pattern) {
    await until(() => pattern.test(this.screen), String(pattern), 20_000)
      .catch((error) => { throw new Error(`${error.message}; ${JSON.stringify(this.screen.slice(-2000))}`); });
  }

  /** The exit code of the last command. */
  async ended() {
    await until(() => this.code !== undefined, 'the terminal to end', 20_000);
    return this.code;
  }
}
