import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { temporaryDirectory } from './gateway.js';
import { request } from './http.js';
import { freePort } from './net.js';
import { once, until } from './wait.js';

/** What the project ships for Prometheus. */
export const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../metrics');
export const alerts = path.join(folder, 'alerts.yaml');

/** A Prometheus of its own that scrapes `port` five times a second, with the shipped rules. */
export class Prometheus {
  static async start(port) {
    const directory = temporaryDirectory();
    const prometheus = new Prometheus();
    prometheus.port = await freePort();
    const file = path.join(directory, 'prometheus.yml');
    fs.writeFileSync(file, `
global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
rule_files: ["${alerts}"]
scrape_configs:
  - job_name: tidegate
    static_configs: [{ targets: ["127.0.0.1:${port}"] }]
`);
    prometheus.child = spawn('prometheus', [
      `--config.file=${file}`, `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${prometheus.port}`, '--log.level=warn',
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    process.on('exit', () => prometheus.child.kill('SIGKILL'));
    prometheus.ended = once(prometheus.child, 'close', 60_000);
    prometheus.ended.catch(() => {});
    let words = '';
    prometheus.child.stderr.setEncoding('utf8').on('data', (text) => (words += text));
    await until(() => prometheus.get('/-/ready').then(() => true, () => false), 'Prometheus to be ready', 30_000)
      .catch((error) => { throw new Error(`${error.message}\n${words}`); });
    return prometheus;
  }

  async get(target) {
    const { status, body } = await request(`http://127.0.0.1:${this.port}${target}`);
    if (status !== 200) throw new Error(`${target}: ${status} ${body}`);
    return body;
  }

  /** Every series that a query answers, without the labels that scraping adds: [{labels, value}]. */
  async series(expression) {
    const answer = JSON.parse(await this.get(`/api/v1/query?query=${encodeURIComponent(expression)}`));
    assert.equal(answer.status, 'success', expression);
    return answer.data.result.map(({ metric, value }) => {
      const { __name__, instance, job, ...labels } = metric;
      return { labels, value: Number(value[1]) };
    });
  }

  /** The value of a query that has one series; undefined where it has none. */
  async query(expression) {
    const series = await this.series(expression);
    assert.ok(series.length <= 1, `${expression}: ${JSON.stringify(series)}`);
    return series[0]?.value;
  }

  async becomes(expression, value) {
    let last;
    await until(async () => (last = await this.query(expression)) === value, `${expression} to be ${value}`, 20_000)
      .catch((error) => { throw new Error(`${error.message}; it is ${last}`); });
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}
