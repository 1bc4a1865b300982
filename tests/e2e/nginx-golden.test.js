import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { smoke, temporaryDirectory } from './lib/gateway.js';
import { differences, flatten, unexpected } from './lib/golden/compare.js';
import { Scenario, makeCertificates, names } from './lib/golden/scenario.js';
import { check, nginx, tidegate } from './lib/golden/sides.js';

/** What `--smoke` plays of them. */
const quick = new Set(['notes', 'debian-default', 'socketio', 'rewrite-zoo', 'locations', 'error-page', 'static-files']);
const only = process.env.TIDEGATE_GOLDEN?.split(',');
/** nginx against nginx: what differs then is the harness's own fault. */
const side = process.env.TIDEGATE_GOLDEN_SIDE === 'tidegate' ? tidegate : nginx;
const chosen = names.filter((name) => (only ? only.includes(name) : !smoke || quick.has(name)));

const common = { directory: temporaryDirectory() };
before(async () => {
  common.certificates = await makeCertificates(common.directory);
});

async function playBoth(name, other) {
  const scenario = await Scenario.load(name, common);
  for (let attempt = 1; ; ++attempt) {
    try {
      await scenario.prepare();
      for (const each of new Set([nginx, other])) {
        const { code, words } = await check(each, scenario);
        assert.equal(code, 0, `${each.name} refuses the configuration:\n${words}`);
      }
      const reference = flatten(await scenario.play(nginx));
      return { scenario, reference, found: differences(reference, flatten(await scenario.play(other))) };
    } catch (error) {
      // Another test may have got a port between the question for a free one and its use.
      if (attempt === 3 || !/Address already in use|EADDRINUSE/i.test(error.message)) throw error;
    } finally {
      scenario.close();
    }
  }
}

describe(`from the same nginx.conf, nginx and ${side.name} do the same`, { concurrency: 4 }, () => {
  for (const name of chosen) {
    test(name, async () => {
      const { scenario, reference, found } = await playBoth(name, side);
      const stuck = [...reference].filter(([at]) => at.endsWith(' stuck'));
      assert.deepEqual(stuck, [], 'nginx itself did not do what the scenario waits for');
      const complaints = unexpected(found, side === nginx ? [] : scenario.spec.differences ?? []);
      assert.equal(complaints.length, 0, `${complaints.length} differences\n${complaints.slice(0, 40).join('\n')}`);
    });
  }
});
