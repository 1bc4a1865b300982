import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { makeCertificate } from '../certificates.js';
import { freePort } from '../net.js';
import { Client } from './client.js';
import { Server } from './sides.js';
import { Upstream } from './upstream.js';

/** Where the configurations are: a folder each, with scenario.mjs and nginx.conf, or site.conf for Debian's own main file. */
export const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../nginx');
const ourTime = new Date('2024-02-03T04:05:06Z');

export const names = fs.readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && fs.existsSync(path.join(folder, entry.name, 'scenario.mjs')))
  .map(({ name }) => name);

/** The certificates that configurations name as `{{certificates}}/NAME.pem` and `.key`, made once. */
export async function makeCertificates(directory) {
  const made = {};
  const wanted = {
    example: ['example.com', '*.example.com', 'localhost'], other: ['other.example.net', '*.example.net'], rsa: ['rsa.example.com'],
    fallback: ['fallback.invalid'], client: ['a client'],
  };
  for (const [name, namesOf] of Object.entries(wanted)) {
    const files = await makeCertificate(directory, name, { names: namesOf, kind: name === 'rsa' ? 'rsa' : 'ec' });
    fs.chmodSync(files.privateKey, 0o600);
    made[name] = {
      ...files, certificatePem: fs.readFileSync(files.certificate), privateKeyPem: fs.readFileSync(files.privateKey),
    };
  }
  return made;
}

/**
 * A configuration with its ports, files and upstreams, which is run by one side after the other. Both get the very same
 * files, so that nothing that is derived from a port or a path differs.
 */
export class Scenario {
  static async load(name, { directory, certificates }) {
    const scenario = new Scenario();
    scenario.name = name;
    scenario.spec = (await import(pathToFileURL(path.join(folder, name, 'scenario.mjs')))).default;
    scenario.directory = path.join(directory, name);
    scenario.certificates = certificates;
    scenario.file = path.join(scenario.directory, 'nginx.conf');
    return scenario;
  }

  async prepare() {
    const { listeners = ['http'], upstreams = {}, refusing = [] } = this.spec;
    fs.rmSync(this.directory, { recursive: true, force: true });
    fs.mkdirSync(path.join(this.directory, 'logs'), { recursive: true });
    this.places = {};
    this.addresses = {};
    this.awaited = [];
    for (const listener of listeners) {
      const { name, at = '127.0.0.1' } = typeof listener === 'string' ? { name: listener } : listener;
      this.places[name] = at === 'unix' ? path.join(this.directory, `${name}.sock`) : String(await freePort());
      this.addresses[name] = at;
      if (at === '127.0.0.1' || at === 'unix') this.awaited.push(this.places[name]);
    }
    this.upstreams = {};
    for (const [name, spec] of Object.entries(upstreams)) {
      this.upstreams[name] = new Upstream(name, spec);
      await this.upstreams[name].listen(this.directory, this.certificates.example);
      this.places[name] = this.upstreams[name].place;
    }
    for (const name of refusing) this.places[name] = String(await freePort());
    this.copy(path.join(folder, this.name), this.directory);
    if (!fs.existsSync(this.file)) fs.writeFileSync(this.file, this.fill(fs.readFileSync(path.join(folder, 'main.conf'), 'utf8'), 'main.conf'));
    this.stayWho();
  }

  /** Who starts a side is who it runs as: what is in the folder is theirs alone. */
  stayWho() {
    if (process.getuid() !== 0) return;
    const text = fs.readFileSync(this.file, 'utf8');
    const named = /^user [^;]*;/m;
    fs.writeFileSync(this.file, named.test(text) ? text.replace(named, 'user root;') : `user root; ${text}`);
  }

  copy(from, to) {
    fs.mkdirSync(to, { recursive: true });
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
      if (entry.isDirectory()) this.copy(source, target);
      else if (entry.name !== 'scenario.mjs') {
        if (/\.(conf|types|map)$|^default$|^[\w-]+$/.test(entry.name)) fs.writeFileSync(target, this.fill(fs.readFileSync(source, 'utf8'), source));
        else fs.copyFileSync(source, target);
        fs.utimesSync(target, ourTime, ourTime);
      }
    }
    for (const [name, content] of Object.entries(from.endsWith(this.name) ? this.spec.files ?? {} : {})) {
      const target = path.join(to, name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, content, 'latin1');
      fs.utimesSync(target, ourTime, ourTime);
    }
  }

  fill(text, file) {
    const values = { ...this.places, dir: this.directory, certificates: path.dirname(this.certificates.example.certificate) };
    return text.replace(/\{\{(\w+)\}\}/g, (all, name) => {
      if (values[name] === undefined) throw new Error(`${file}: there is no ${all}`);
      return values[name];
    });
  }

  /** Plays all of it against one side: what clients, upstreams and logs saw. */
  async play(side, connections = this.spec.connections) {
    for (const file of fs.readdirSync(path.join(this.directory, 'logs'))) fs.rmSync(path.join(this.directory, 'logs', file));
    for (const upstream of Object.values(this.upstreams)) upstream.clear();
    const server = await Server.start(side, this);
    const clients = [];
    try {
      for (const spec of connections) {
        const client = new Client(spec, this);
        clients.push(client);
        await client.play();
      }
      for (const client of clients.filter(({ spec }) => spec.stays)) {
        await client.answers();
        await client.leave();
      }
    } finally {
      for (const client of clients) client.socket?.destroy();
      await server.stop();
    }
    const upstreams = Object.values(this.upstreams).map(({ name, links }) => ({ name, links }));
    return { clients, upstreams, logs: this.logs(), places: Object.values(this.places), words: server.words };
  }

  logs() {
    const lines = (file) => {
      const whole = path.join(this.directory, 'logs', file);
      return fs.existsSync(whole) ? fs.readFileSync(whole, 'utf8').split('\n').slice(0, -1) : ['<no file>'];
    };
    return Object.fromEntries((this.spec.logs ?? []).map((file) => [file, lines(file)]));
  }

  close() {
    for (const upstream of Object.values(this.upstreams ?? {})) upstream.close();
  }
}
