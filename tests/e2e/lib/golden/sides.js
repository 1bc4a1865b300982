import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { run } from '../command.js';
import { accepts } from '../net.js';
import { until } from '../wait.js';

export const nginxBinary = process.env.NGINX_BINARY ?? '/usr/sbin/nginx';
const alive = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

const sanitizer = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer/;

/** Debian's nginx in one process, in the foreground. It accepts before it minds signals, which the pid file comes after. */
export const nginx = {
  name: 'nginx',
  pid: (world) => path.join(world.directory, 'nginx.pid'),
  program: nginxBinary,
  args: (world) => ['-p', world.directory, '-c', world.file, '-e', path.join(world.directory, 'error.log'), '-g', 'daemon off; master_process off;'],
  check: (world) => ['-t', '-p', world.directory, '-c', world.file, '-e', path.join(world.directory, 'error.log')],
};

export const tidegate = {
  name: 'tidegate',
  program: process.env.TIDEGATE_BINARY,
  args: (world) => ['run', '--nginx', world.file, '-p', world.directory],
  check: (world) => ['check', '--nginx', world.file, '-p', world.directory],
};

/** Answers what the side says of the configuration without running it: {code, words}. */
export async function check(side, world) {
  const { code, stdout, stderr } = await run(side.program, side.check(world), { cwd: world.directory });
  return { code, words: stdout + stderr };
}

/** A running side. */
export class Server {
  static async start(side, world) {
    const server = new Server();
    server.side = side;
    server.errorLog = path.join(world.directory, 'error.log');
    server.words = '';
    server.child = spawn(side.program, side.args(world), { stdio: ['ignore', 'pipe', 'pipe'], cwd: world.directory });
    alive.add(server.child);
    for (const stream of [server.child.stdout, server.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (server.words += text));
    }
    server.child.on('error', (error) => (server.end = { error }));
    server.child.on('close', (code, signal) => {
      alive.delete(server.child);
      server.end = { code, signal };
    });
    const ready = async () => {
      if (server.end) throw new Error(`${side.name} ended at once (${JSON.stringify(server.end)}):\n${server.words}`);
      const places = world.awaited.map((place) => (place.startsWith('/') ? fs.existsSync(place) : accepts(Number(place))));
      const pid = side.pid?.(world);
      const minds = !pid || (fs.existsSync(pid) && Number(fs.readFileSync(pid, 'utf8')) === server.child.pid);
      return minds && (await Promise.all(places)).every(Boolean);
    };
    try {
      await until(ready, `${side.name} to listen`, 20_000);
    } catch (error) {
      server.child.kill('SIGKILL');
      throw new Error(`${error.message}\n${server.words}`);
    }
    return server;
  }

  /** At once; both end with 0. */
  async stop() {
    if (!this.end) this.child.kill('SIGINT');
    await until(() => this.end, `${this.side.name} to end`, 15_000).catch((error) => {
      this.child.kill('SIGKILL');
      throw new Error(`${error.message}\n${this.words}`);
    });
    const said = this.words + (fs.existsSync(this.errorLog) ? fs.readFileSync(this.errorLog, 'utf8') : '');
    if (sanitizer.test(said)) throw new Error(said);
    if (this.end.code !== 0) throw new Error(`${this.side.name} ended with ${JSON.stringify(this.end)}:\n${this.words}`);
  }
}
