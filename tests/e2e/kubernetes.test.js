// The manifests of conf/kubernetes: valid by the API's schemas, and at one with the gateway that they run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

import { makeCertificate } from './lib/certificates.js';
import { run } from './lib/command.js';
import { Gateway, binary, temporaryDirectory } from './lib/gateway.js';
import { build, complaints, parseAll } from './lib/kubernetes.js';
import { request } from './lib/http.js';
import { freePort } from './lib/net.js';
import { until } from './lib/wait.js';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folders = ['front-door', 'sidecar'].map((name) => path.join(root, 'conf/kubernetes', name));

const find = (objects, kind) => objects.filter((object) => object.kind === kind);
const one = (objects, kind) => {
  const found = find(objects, kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0];
};

/** The pod of a folder, its gateway's container, and the configuration that the ConfigMap gives it. */
function gatewayOf(folder) {
  const objects = build(folder);
  const pod = one(objects, 'Deployment').spec.template;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container = containers.find(({ name }) => name === 'tidegate');
  const text = one(objects, 'ConfigMap').data['tidegate.yaml'];
  return { objects, pod, containers, container, text, config: parse(text) };
}

const seconds = (duration) => {
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(duration);
  return Number(number) * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit];
};
const port = (address) => Number(/:(\d+)$/.exec(address)[1]);

for (const folder of folders) {
  const name = path.basename(folder);

  test(`${name}: every object is valid by the API's schema`, () => {
    for (const object of build(folder)) {
      assert.deepEqual(complaints(object), [], `${object.kind} ${object.metadata.name}`);
    }
  });

  test(`${name}: kustomize builds the same objects, where there is one`, async (context) => {
    const built = await run('kubectl', ['kustomize', folder]).catch(() => undefined);
    if (!built || /unknown command/.test(built.stderr)) return context.skip('there is no kubectl with a kustomize');
    assert.equal(built.code, 0, built.stderr);
    const byName = (a, b) => `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`);
    assert.deepEqual(parseAll(built.stdout).sort(byName), build(folder).sort(byName));
  });

  test(`${name}: tidegate check passes the ConfigMap's configuration`, async () => {
    const { text } = gatewayOf(folder);
    const directory = temporaryDirectory();
    await makeCertificate(directory, 'tls');
    const file = path.join(directory, 'tidegate.yaml');
    fs.renameSync(path.join(directory, 'tls.pem'), path.join(directory, 'tls.crt'));
    fs.writeFileSync(file, text.replaceAll('/etc/tidegate-tls', directory));
    const checked = await run(binary, ['check', '-c', file]);
    assert.equal(checked.code, 0, checked.stderr);
    assert.equal(checked.stderr, '');
  });

  test(`${name}: the grace period is longer than the drain`, () => {
    const { pod, config } = gatewayOf(folder);
    const grace = pod.spec.terminationGracePeriodSeconds;
    const { delay, window, deadline } = config.drain;
    assert.ok(grace >= seconds(delay) + seconds(window) + 5, `${grace} s for ${delay}, ${window} and 5 s`);
    assert.ok(grace >= seconds(deadline) + 5, `${grace} s for a deadline of ${deadline} and 5 s`);
    assert.ok(seconds(deadline) >= seconds(delay) + seconds(window), 'the window ends before the deadline');
    assert.ok(seconds(delay) > 0, 'the load balancer has a moment to hear of it');
  });

  test(`${name}: the container's commands are the binary's`, async () => {
    const { container } = gatewayOf(folder);
    const hooks = Object.values(container.lifecycle ?? {}).map((hook) => hook.exec.command.slice(1));
    const commands = new Set((await run(binary, ['--help'])).stdout.match(/^  [a-z]+/gm).map((word) => word.trim()));
    for (const [command, ...args] of [container.args, ...hooks]) {
      assert.ok(commands.has(command), command);
      const { stdout } = await run(binary, [command, '--help']);
      for (const option of args.filter((arg) => arg.startsWith('-'))) assert.match(stdout, new RegExp(`^ +${option}[ ,]`, 'm'));
    }
    const file = container.args[container.args.indexOf('-c') + 1];
    assert.ok(container.volumeMounts.some(({ mountPath }) => mountPath === path.dirname(file)), file);
  });

  test(`${name}: ports and probes are the configuration's, and the gateway answers them`, async () => {
    const { container, config } = gatewayOf(folder);
    const ports = Object.fromEntries(container.ports.map(({ name: each, containerPort }) => [each, containerPort]));
    const configured = Object.entries(config.listeners).map(([each, { address }]) => [each, port(address)]);
    assert.deepEqual(ports, { ...Object.fromEntries(configured), metrics: port(config.metrics.address) });
    for (const each of Object.values(ports)) assert.ok(each >= 1024, `port ${each} would need a capability`);

    const metrics = await freePort();
    const gateway = await Gateway.start({ yaml: (site) => `
listeners: { http: { address: "127.0.0.1:${site.http}" } }
routes: [{ respond: { body: here } }]
metrics: { address: "127.0.0.1:${metrics}" }
` });
    try {
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { httpGet } = container[probe];
        assert.equal(httpGet.port, 'metrics');
        const ask = () => request(`http://127.0.0.1:${metrics}${httpGet.path}`);
        await until(async () => (await ask()).status === 200, `${probe} to succeed`);
      }
    } finally {
      await gateway.stop();
    }
  });

  test(`${name}: nothing may be written, nothing is root, no capability is left`, () => {
    const { pod, container } = gatewayOf(folder);
    assert.equal(pod.spec.securityContext.runAsNonRoot, true);
    assert.equal(pod.spec.securityContext.seccompProfile.type, 'RuntimeDefault');
    assert.equal(pod.spec.automountServiceAccountToken, false);
    const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = container.securityContext;
    assert.deepEqual({ readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities },
      { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  });

  test(`${name}: configuration and certificates are mounted as folders, so that they can change`, () => {
    const { objects, pod, containers, container, config } = gatewayOf(folder);
    for (const { volumeMounts = [] } of containers) {
      for (const mount of volumeMounts) {
        assert.equal(mount.subPath, undefined, mount.name);
        assert.ok(pod.spec.volumes.some((volume) => volume.name === mount.name), mount.name);
      }
    }
    const { certificate, private_key: key } = config.listeners.https.tls.certificates[0];
    assert.deepEqual([path.basename(certificate), path.basename(key)], ['tls.crt', 'tls.key'], 'as a TLS Secret names them');
    const mounted = container.volumeMounts.find(({ mountPath }) => mountPath === path.dirname(certificate));
    assert.ok(pod.spec.volumes.find((volume) => volume.name === mounted.name).secret, 'a Secret');
    const map = pod.spec.volumes.find((volume) => volume.configMap).configMap.name;
    assert.equal(map, one(objects, 'ConfigMap').metadata.name);
  });

  test(`${name}: services, monitors and budgets select the pods`, () => {
    const { objects, pod, container } = gatewayOf(folder);
    const names = container.ports.map((each) => each.name);
    const numbers = container.ports.map((each) => each.containerPort);
    const selectors = objects.flatMap(({ kind, spec }) => ({
      Service: () => [spec.selector],
      NetworkPolicy: () => [spec.podSelector.matchLabels],
      Deployment: () => [spec.selector.matchLabels],
      PodDisruptionBudget: () => [spec.selector.matchLabels],
      PodMonitor: () => [spec.selector.matchLabels],
    })[kind]?.() ?? []);
    for (const selector of selectors) {
      for (const [label, value] of Object.entries(selector)) assert.equal(pod.metadata.labels[label], value);
    }
    // By number where the port is an init container's: not every version finds those by name.
    for (const { targetPort } of one(objects, 'Service').spec.ports) {
      assert.ok([...names, ...numbers].includes(targetPort), targetPort);
    }
    for (const endpoint of one(objects, 'PodMonitor').spec.podMetricsEndpoints) {
      assert.ok(names.includes(endpoint.port), endpoint.port);
      assert.deepEqual(endpoint.relabelings.map(({ targetLabel, replacement }) => [targetLabel, replacement]), [['job', 'tidegate']]);
    }
  });
}

test('front-door: the rules for the operator are those of metrics/alerts.yaml', () => {
  const rule = one(build(folders[0]), 'PrometheusRule');
  assert.deepEqual(rule.spec, parse(fs.readFileSync(path.join(root, 'metrics/alerts.yaml'), 'utf8')),
    'prometheus-rule.yaml begins with the command that brings them there');
});

test('front-door: it is scaled by a metric that the binary has, and no rollout takes a pod away first', async () => {
  const { objects } = gatewayOf(folders[0]);
  const scaler = one(objects, 'HorizontalPodAutoscaler').spec;
  assert.deepEqual(scaler.metrics.map(({ pods }) => pods.metric.name), ['tidegate_tunnels_active']);
  const reference = fs.readFileSync(path.join(root, 'docs/reference/metrics.md'), 'utf8');
  assert.match(reference, /`(tidegate_)?tunnels_active`/);
  const deployment = one(objects, 'Deployment');
  assert.equal(deployment.spec.replicas, undefined, 'the autoscaler says how many');
  assert.equal(scaler.scaleTargetRef.name, deployment.metadata.name);
  assert.equal(deployment.spec.strategy.rollingUpdate.maxUnavailable, 0);
  assert.equal(deployment.spec.template.spec.serviceAccountName, one(objects, 'ServiceAccount').metadata.name);
  assert.equal(one(objects, 'ServiceAccount').automountServiceAccountToken, false);
});

test('sidecar: it is a native one, beside an application that only it reaches', () => {
  const { pod, config, containers } = gatewayOf(folders[1]);
  assert.deepEqual(pod.spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]), [['tidegate', 'Always']]);
  const environment = Object.fromEntries(containers.find(({ name }) => name === 'app').env.map(({ name, value }) => [name, value]));
  assert.equal(config.upstreams.app, `http://${environment.HOST}:${environment.PORT}`);
});

test('sidecar: the gateway is told to drain first, and the application outlives that', () => {
  const { pod, config, container, containers } = gatewayOf(folders[1]);
  assert.deepEqual(container.lifecycle.preStop.exec.command, ['/usr/bin/tidegate', 'drain']);
  const { sleep } = containers.find(({ name }) => name === 'app').lifecycle.preStop;
  assert.ok(sleep.seconds >= seconds(config.drain.deadline));
  assert.ok(pod.spec.terminationGracePeriodSeconds >= sleep.seconds + 10, 'and has some time of its own then');
});

test('the schemas would tell: a misspelt field, a wrong type, a field that is missing', () => {
  const deployment = () => structuredClone(one(build(folders[0]), 'Deployment'));
  const misspelt = deployment();
  misspelt.spec.template.spec.containers[0].securityContext.readonlyRootFilesystem = true;
  assert.match(complaints(misspelt).join(), /readonlyRootFilesystem is not a field/);
  const wrong = deployment();
  wrong.spec.template.spec.terminationGracePeriodSeconds = 'long';
  assert.match(complaints(wrong).join(), /terminationGracePeriodSeconds/);
  const missing = deployment();
  delete missing.spec.selector;
  assert.match(complaints(missing).join(), /selector/);
});
