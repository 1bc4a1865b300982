import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { parse, parseAllDocuments } from 'yaml';

const require = createRequire(import.meta.url);

/** What `kustomize build` does with the few things that our kustomizations use; anything else in one is an error. */
export function build(folder) {
  const { apiVersion, kind, resources, configMapGenerator, generatorOptions, ...rest } =
    parse(fs.readFileSync(path.join(folder, 'kustomization.yaml'), 'utf8'));
  if (kind !== 'Kustomization' || apiVersion !== 'kustomize.config.k8s.io/v1beta1') throw new Error(`${folder}: what is ${kind}?`);
  if (Object.keys(rest).length > 0) throw new Error(`${folder}: ${Object.keys(rest)} is not known here`);
  if (generatorOptions?.disableNameSuffixHash !== true) throw new Error(`${folder}: names of ConfigMaps must stay`);

  const objects = resources.flatMap((file) => parseAll(fs.readFileSync(path.join(folder, file), 'utf8')));
  for (const { name, files } of configMapGenerator) {
    const data = Object.fromEntries(files.map((file) => [file, fs.readFileSync(path.join(folder, file), 'utf8')]));
    objects.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }
  return objects;
}

/** Every document of a YAML text, read as Kubernetes reads it. */
export function parseAll(text) {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

/** The validator of an object's kind, made from the API's own schemas. */
function validatorOf({ apiVersion, kind }) {
  const home = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  const name = home === 'kubernetes-models'
    ? `IoK8sApi${apiVersion.split('/').map((part) => part.replace(/\..*/, '')).map(capital).join('').replace(/^V1$/, 'CoreV1')}${kind}`
    : `MonitoringCoreosCom${capital(apiVersion.split('/')[1])}${kind}`;
  return require(path.join(path.dirname(require.resolve(home)), '_schemas', `${name}.js`)).validate;
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

/**
 * What is wrong with an object by the API's schema, one line each. The schemas allow unknown fields, which the API
 * server drops with a warning: here each is a complaint. A validator reads every field that it knows, so one that
 * it did not read is unknown.
 */
export function complaints(object) {
  const unread = new Map();
  const watched = (value, where) => {
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value)) for (const key of Object.keys(value)) unread.set(`${where}/${key}`, true);
    const children = new Map();
    return new Proxy(value, {
      get(target, key) {
        if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return Reflect.get(target, key);
        unread.delete(`${where}/${key}`);
        if (!children.has(key)) children.set(key, watched(target[key], `${where}/${key}`));
        return children.get(key);
      },
    });
  };
  const validate = validatorOf(object);
  validate(watched(object, ''));
  return [
    ...(validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? `${error.keyword} ${JSON.stringify(error.params)}`}`),
    ...[...unread.keys()].map((key) => `${key} is not a field that the API knows`),
  ];
}
