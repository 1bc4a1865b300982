// The schema against a validator of its own right: the configurations of the pages fit it, mistakes do not.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schema = JSON.parse(execFileSync(process.env.TIDEGATE_BINARY, ['schema'], { encoding: 'utf8' }));
const fits = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
const problems = () => (fits.errors ?? []).map((error) => `${error.instancePath}: ${error.message}`).join('\n');

/** The YAML blocks of the pages that are whole configurations. */
function* configurations() {
  for (const folder of ['docs/guide', 'docs/reference']) {
    for (const page of readdirSync(root + folder)) {
      const text = readFileSync(`${root}${folder}/${page}`, 'utf8');
      for (const [, block] of text.matchAll(/^```yaml\n(.*?)^```$/gms)) {
        if (block.startsWith('listeners:')) yield [`${folder}/${page}`, block];
      }
    }
  }
  yield ['every key', readFileSync(`${root}tests/data/conf/every-key.yaml`, 'utf8')];
  yield ['the installed one', readFileSync(`${root}conf/tidegate.yaml`, 'utf8')];
}

test('every configuration of the pages fits', () => {
  let count = 0;
  for (const [page, block] of configurations()) {
    count += 1;
    assert.ok(fits(parse(block, { merge: false })), `${page}:\n${block}\n${problems()}`);
  }
  assert.ok(count > 10, `only ${count} found`);
});

const sound = () => ({
  listeners: { http: { address: ':80' } },
  routes: [{ upstream: 'app', timeouts: { connect: '2s' } }],
  upstreams: { app: 'http://localhost:3000' },
});
const mistakes = {
  'no listeners': (conf) => delete conf.listeners,
  'no address': (conf) => delete conf.listeners.http.address,
  'an unknown key': (conf) => { conf.routes[0].upstraem = 'app'; },
  'an unknown section': (conf) => { conf.timeout = {}; },
  'a duration without unit': (conf) => { conf.routes[0].timeouts.connect = '2'; },
  'another word': (conf) => { conf.underscores = 'keep'; },
  'a map instead of a list': (conf) => { conf.routes = {}; },
  'a level of no area': (conf) => { conf.log = { level: { tsl: 'debug' } }; },
};
for (const [what, spoil] of Object.entries(mistakes)) {
  test(`${what} does not fit`, () => {
    const conf = sound();
    assert.ok(fits(conf), problems());
    spoil(conf);
    assert.ok(!fits(conf));
  });
}

test('what the environment gives fits where a number or word is wanted', () => {
  const conf = sound();
  conf.workers = '${env:WORKERS:-auto}';
  conf.underscores = '${env:UNDERSCORES}';
  conf.drain = { window: '${env:WINDOW}' };
  assert.ok(fits(conf), problems());
});
