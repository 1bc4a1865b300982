import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, describe, test } from 'node:test';

import { smoke, temporaryDirectory } from './lib/gateway.js';
import { differences, flatten, unexpected } from './lib/golden/compare.js';
import { importYaml, importable, imported, unlike, without } from './lib/golden/imported.js';
import { Scenario, makeCertificates, names } from './lib/golden/scenario.js';
import { check, nginx, tidegate } from './lib/golden/sides.js';

/** What `--smoke` plays of them. */
const quick = new Set(['notes', 'debian-default', 'socketio', 'rewrite-zoo', 'locations', 'error-page', 'static-files']);
/** Some of them by name: TIDEGATE_GOLDEN=notes,socketio. */
const only = process.env.TIDEGATE_GOLDEN?.split(',');
/** nginx against nginx: what differs then is the harness's own fault. */
const side = process.env.TIDEGATE_GOLDEN_SIDE === 'nginx' ? nginx : tidegate;
const chosen = names.filter((name) => (only ? only.includes(name) : !smoke || quick.has(name)));

const common = { directory: temporaryDirectory() };
before(async () => {
  common.certificates = await makeCertificates(common.directory);
});

/** Plays a scenario on both sides from the same files; `between` may change them in between, `then` play it on. */
async function playBoth(name, other, between = () => {}, then = () => {}) {
  const scenario = await Scenario.load(name, common);
  for (let attempt = 1; ; ++attempt) {
    try {
      await scenario.prepare();
      for (const each of new Set([nginx, other])) {
        const { code, words } = await check(each, scenario);
        assert.equal(code, 0, `${each.name} refuses the configuration:\n${words}`);
      }
      const reference = flatten(await scenario.play(nginx));
      between(scenario);
      const found = differences(reference, flatten(await scenario.play(other)));
      await then(scenario);
      return { scenario, reference, found };
    } catch (error) {
      // Another test may have got a port between the question for a free one and its use.
      if (attempt === 3 || !/Address already in use|EADDRINUSE/i.test(error.message)) throw error;
    } finally {
      scenario.close();
    }
  }
}

/** Where import refuses nothing, the YAML that it writes does as nginx does, too. */
async function holdImported(scenario) {
  const { name, spec } = scenario;
  const { code, report } = await importYaml(scenario);
  assert.equal(code, importable[name] ? 0 : 3, report);
  if (code !== 0) return;
  const connections = spec.connections.filter((each) => !(without[name] ?? []).includes(each.name));
  const reference = flatten(await scenario.play(nginx, connections), { versions: false });
  const other = flatten(await scenario.play(imported, connections), { versions: false });
  const expected = [...(spec.differences ?? []), ...importable[name]].map((each) => ({ ...each, open: true }));
  const complaints = unexpected(unlike(differences(reference, other), reference, other), expected);
  assert.equal(complaints.length, 0, `imported, ${complaints.length} differences\n${complaints.slice(0, 40).join('\n')}`);
}

/** What nginx takes and Tidegate does not, each complaint at its place and no other. */
const refused = new Set(['refused']);
async function holdToRefusals(name) {
  const scenario = await Scenario.load(name, common);
  await scenario.prepare();
  const taken = await check(nginx, scenario);
  assert.equal(taken.code, 0, taken.words);
  if (side === nginx) return;
  const { code, words } = await check(tidegate, scenario);
  assert.equal(code, 1, words);
  const complaints = [...words.matchAll(/^.*\/(\w+\.conf):(\d+): (".*)$/gm)].map(([, file, line, text]) => `${file}:${line}: ${text}`);
  assert.deepEqual(complaints, scenario.spec.complaints);
}

describe('the harness', { skip: only !== undefined }, () => {
  test('finds nothing between nginx and nginx', async () => {
    const { found } = await playBoth('harness', nginx);
    assert.deepEqual(found, []);
  });

  test('finds what an upstream and a client see of a changed directive, and no more', async () => {
    const { found } = await playBoth('harness', nginx, ({ directory }) => {
      const file = `${directory}/site.conf`;
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('X-Seen one', 'X-Seen two').replace('from here', 'from there'));
    });
    assert.deepEqual(found, [
      { at: 'client all answer 2 body', nginx: 'from here\n', here: 'from there\n' },
      { at: 'client all answer 2 content-length', nginx: '10', here: '11' },
      { at: 'upstream app GET / HTTP/1.0 #1 x-seen', nginx: 'one', here: 'two' },
    ]);
  });

  test('holds what it finds to what is expected, both ways', () => {
    const found = [{ at: 'client a answer 1 line', nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 400 Bad Request' }];
    assert.equal(unexpected(found, []).length, 1);
    assert.deepEqual(unexpected(found, [{ at: /line$/, nginx: /200/, here: /400/, why: 'x' }]), []);
    assert.equal(unexpected(found, [{ at: /line$/, nginx: /200/, here: /500/, why: 'x' }]).length, 2);
    assert.equal(unexpected([], [{ at: /line$/, nginx: /200/, here: /400/, why: 'x' }]).length, 1);
  });

  test('allows an imported YAML no other address of a client', () => {
    const open = (field, nginx, here) => unlike([{ at: `upstream app GET / HTTP/1 #1 ${field}`, nginx, here }], new Map(), new Map()).length;
    assert.equal(open('x-real-ip', undefined, '127.0.0.5'), 0);
    assert.equal(open('x-forwarded-for', '6.6.6.6, 127.0.0.5', '127.0.0.5'), 0);
    for (const [nginx, here] of [['127.0.0.5', '6.6.6.6'], ['127.0.0.5', '127.0.0.1'], [undefined, '6.6.6.6'], ['6.6.6.6, 127.0.0.5', '6.6.6.6'], ['127.0.0.5', undefined]]) {
      assert.equal(open('x-real-ip', nginx, here), 1, `${nginx} and ${here}`);
      assert.equal(open('x-forwarded-for', nginx, here), 1, `${nginx} and ${here}`);
    }
    assert.equal(open('x-forwarded-proto', undefined, 'http'), 0);
    assert.equal(open('x-forwarded-proto', 'http', 'https'), 1);
  });
});

describe(`from the same nginx.conf, nginx and ${side.name} do the same`, { concurrency: 4 }, () => {
  for (const name of chosen) {
    test(name, async () => {
      if (refused.has(name)) return holdToRefusals(name);
      const { scenario, reference, found } = await playBoth(name, side, undefined, side === tidegate ? holdImported : undefined);
      const stuck = [...reference].filter(([at]) => at.endsWith(' stuck'));
      assert.deepEqual(stuck, [], 'nginx itself did not do what the scenario waits for');
      const complaints = unexpected(found, side === nginx ? [] : scenario.spec.differences ?? []);
      assert.equal(complaints.length, 0, `${complaints.length} differences\n${complaints.slice(0, 40).join('\n')}`);
    });
  }
});
