import net from 'node:net';
import tls from 'node:tls';

import { MessageReader, frame, takeFrame } from './wire.js';

const deadlineMs = 10_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The words that scenarios are written in. A request knows its bytes and the method that its answer depends on. */
export function request(method, target, { host = 'example.com', headers = {}, body = '', version = '1.1', close = false } = {}) {
  const fields = Array.isArray(headers) ? [...headers] : Object.entries(headers);
  if (host !== undefined && host !== null) fields.unshift(['Host', host]);
  const framed = fields.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  if (body !== '' && !framed) fields.push(['Content-Length', String(body.length)]);
  if (close) fields.push(['Connection', 'close']);
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { method, bytes: `${method} ${target} HTTP/${version}\r\n${head}\r\n${body}` };
}

export const get = (target, options) => request('GET', target, options);
export const head = (target, options) => request('HEAD', target, options);
export const post = (target, body, options = {}) => request('POST', target, { ...options, body });
export const chunked = (...parts) => [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n'].join('');

/** A request as it stands. */
export const raw = (bytes, method = bytes.split(' ')[0]) => ({ method, bytes });

export const handshake = (target, { headers = {}, ...options } = {}) => get(target, {
  ...options,
  headers: [
    ['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version', '13'], ...(Array.isArray(headers) ? headers : Object.entries(headers)),
  ],
});

/** Several requests in one write. */
export const pipelined = (...requests) => ({ step: 'send', requests, pieces: [requests.map(({ bytes }) => bytes).join('')] });
/** A request cut at these places, or into pieces of so many bytes, each in a segment of its own. */
export function split(one, ...at) {
  const cuts = at.length > 0 ? at : Array.from({ length: one.bytes.length - 1 }, (_, i) => i + 1);
  const pieces = [0, ...cuts].map((from, i) => one.bytes.slice(from, cuts[i]));
  return { step: 'send', requests: [one], pieces };
}
/** A request in these pieces, each sent once what the server has answered to those before has come to match. */
export const conversation = (one, ...turns) => ({ step: 'converse', requests: [one], turns });
/** Sends without waiting for an answer. */
export const send = (...requests) => ({ step: 'send', requests, pieces: [requests.map(({ bytes }) => bytes).join('')], wait: false });
/** The answers to what was sent before. */
export const answers = () => ({ step: 'answers' });
/** In a tunnel: frames (texts, or {bytes} of frame()), then `back` more frames have come from the server. */
export const frames = (payloads, back = payloads.length) => ({ step: 'frames', payloads, back });
/** A Close, and the end of the tunnel. */
export const closeFrame = (code = 1000) => ({
  step: 'bytes', bytes: frame(String.fromCharCode(code >> 8, code & 255), { opcode: 8 }), then: 'end',
});
/** In a tunnel: bytes as they stand. */
export const tunnelBytes = (bytes) => ({ step: 'bytes', bytes });
/** So many bytes have come through the tunnel. */
export const received = (count) => ({ step: 'received', count });
/** What has come of the answer's body matches. */
export const bodySoFar = (pattern) => ({ step: 'body', pattern });
/** The server ends the connection. */
export const serverEnds = () => ({ step: 'end' });
/** Half a close: FIN after what was sent. */
export const finish = () => ({ step: 'finish' });
/** Goes away without a word. */
export const vanish = () => ({ step: 'vanish' });
/** An upstream has got so many requests in this run. */
export const arrived = (upstream, count) => ({ step: 'arrived', upstream, count });
/** Lets the answers go on that wait for a gate. */
export const openGate = (upstream, gate) => ({ step: 'gate', upstream, gate });
/** An upstream stops, or starts again on its port. */
export const stopUpstream = (upstream) => ({ step: 'stop', upstream });
export const startUpstream = (upstream) => ({ step: 'start', upstream });
/** So much time must pass in the server (a token drips, a server is tried again). */
export const later = (ms) => ({ step: 'later', ms });
export const connection = (name, steps, options = {}) => ({ name, steps: [steps].flat(), ...options });

/** One connection of a scenario, played by its steps. What it saw is in `seen`. */
export class Client {
  constructor(spec, world) {
    this.spec = spec;
    this.world = world;
    this.seen = { answers: [], tunnel: '', end: 'open', localPorts: [], opened: 0 };
    this.asked = 0;
  }

  async open() {
    this.reader = new MessageReader('response', (message) => this.seen.answers.push(message));
    [this.ended, this.closed, this.error] = [false, false, undefined];
    this.seen.opened += 1;
    const { to = 'http', at = this.world.addresses[to], from, sni, tls: secure = sni !== undefined, ...options } = this.spec;
    const place = this.world.places[to];
    const where = place.startsWith('/') ? { path: place } : { port: Number(place), host: at, localAddress: from };
    if (secure) {
      const { minVersion, maxVersion, ciphers, clientCertificate, session } = options;
      const identity = clientCertificate ? this.world.certificates[clientCertificate] : undefined;
      this.socket = tls.connect({
        ...where, servername: sni ?? '', rejectUnauthorized: false, minVersion, maxVersion, ciphers, session,
        ALPNProtocols: options.alpn, cert: identity?.certificatePem, key: identity?.privateKeyPem,
      });
    } else {
      this.socket = net.connect(where);
    }
    this.socket.setNoDelay?.(true);
    this.listen();
    const event = secure ? 'secureConnect' : 'connect';
    await new Promise((resolve) => this.socket.once(event, resolve).once('close', resolve));
    if (secure && !this.closed) {
      this.seen.tls = {
        certificate: this.socket.getPeerCertificate()?.subject?.CN,
        protocol: this.socket.getProtocol(),
        cipher: this.socket.getCipher().name,
        alpn: this.socket.alpnProtocol || 'none',
      };
    } else if (secure) {
      this.seen.tls = { failed: this.error?.code ?? 'closed' };
    }
    this.seen.localPorts.push(this.socket.localPort);
  }

  listen() {
    const { socket, reader } = this;
    const current = (what) => {
      if (socket === this.socket) what();
      this.bell?.();
    };
    socket.setEncoding('latin1');
    socket.on('data', (text) => current(() => reader.feed(text)));
    socket.on('error', (error) => current(() => (this.error = error)));
    socket.on('end', () => current(() => (this.ended = true)));
    socket.on('close', () => current(() => (this.closed = true)));
  }

  /** False: it did not come to that in time, which is what the run then shows. */
  async waits(condition, what) {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      if (condition()) return true;
      if (this.closed || this.ended) return false;
      if (Date.now() > deadline) {
        this.seen.stuck = `waited ${deadlineMs} ms for ${what}`;
        return false;
      }
      // What an upstream sees is waited for as well: it rings no bell here.
      await new Promise((resolve) => {
        this.bell = resolve;
        setTimeout(resolve, 10);
      });
    }
  }

  final() {
    return this.seen.answers.filter(({ interim }) => !interim).length;
  }

  async play() {
    await this.open();
    for (const step of this.spec.steps) {
      if (this.seen.stuck) break;
      await this[step.step ?? 'request'](step);
    }
    if (!this.spec.stays) await this.leave();
  }

  /** Does the server close where it said that it would? */
  async closing() {
    const last = this.seen.answers.at(-1);
    const said = last?.fields.find(([name]) => name.toLowerCase() === 'connection')?.[1] ?? '';
    const closes = this.reader.state === 'rest' || (this.reader.messages.length > 0 && /close/i.test(said));
    if (closes) await this.waits(() => this.ended || this.closed, 'the server to close');
    return this.ended || this.closed;
  }

  /** How it stands at the end. */
  async leave() {
    if (this.seen.end === 'open') await this.closing();
    if (this.seen.end === 'open' && (this.ended || this.closed)) this.seen.end = 'closed';
    if (this.spec.anyEnd) this.seen.end = 'any';
    this.reader.finish();
    this.seen.tunnel = this.reader.tunnel;
    this.seen.unanswered = (this.seen.unanswered ?? 0) + this.asked - this.final();
    if (this.reader.buffer && !this.reader.tunnel) this.seen.unparsed = this.reader.buffer;
    this.socket.destroy();
  }

  /** On a new connection where the server has closed the last one. */
  async request(one) {
    if (this.asked > 0 && await this.closing()) {
      this.reader.finish();
      this.socket.destroy();
      this.seen.unanswered = (this.seen.unanswered ?? 0) + this.asked - this.final();
      this.asked = this.final();
      await this.open();
    }
    await this.send({ requests: [one], pieces: [one.bytes] });
  }

  async send({ requests, pieces, wait = true }) {
    this.expect(requests);
    this.asked += requests.length;
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await pause(this.spec.pieceMs ?? 2);  // so that each is a segment
      this.write(piece);
    }
    if (wait) await this.answers();
  }

  expect(requests) {
    const versionOf = (bytes) => /^.* HTTP\/(\S*)/m.exec(bytes)?.[1];
    this.reader.methods.push(...requests.map(({ method, bytes }) => ({ method, version: versionOf(bytes) })));
  }

  async converse({ requests, turns }) {
    this.expect(requests);
    this.asked += requests.length;
    this.write(requests[0].bytes);
    for (const { after, bytes } of turns) {
      await this.waits(() => after(this.seen.answers), 'its turn to go on');
      this.write(bytes);
    }
    await this.answers();
  }

  async answers() {
    await this.waits(() => this.final() >= this.asked, `${this.asked} answers`);
  }

  async frames({ payloads, back }) {
    this.framesAwaited = (this.framesAwaited ?? 0) + back;
    this.write(payloads.map((payload) => (payload.bytes ?? frame(payload))).join(''));
    await this.waits(() => this.countFrames() >= this.framesAwaited, `${this.framesAwaited} frames`);
  }

  countFrames() {
    let count = 0;
    for (let next = takeFrame(this.reader.tunnel); next; next = takeFrame(next.rest)) count += 1;
    return count;
  }

  async bytes({ bytes, then }) {
    this.write(bytes);
    if (then === 'end') await this.end();
  }

  async received({ count }) {
    await this.waits(() => this.reader.tunnel.length >= count, `${count} bytes`);
  }

  async body({ pattern }) {
    await this.waits(() => pattern.test(this.reader.current?.body.join('') ?? ''), `the body to match ${pattern}`);
  }

  async end() {
    await this.waits(() => this.ended || this.closed, 'the server to close');
  }

  async finish() {
    this.socket.end();
  }

  async vanish() {
    this.socket.destroy();
    this.seen.end = 'gone';
  }

  async arrived({ upstream, count }) {
    await this.waits(() => this.world.upstreams[upstream].requests() >= count, `request ${count} at ${upstream}`);
  }

  async gate({ upstream, gate }) {
    this.world.upstreams[upstream].gate(gate).open();
  }

  async stop({ upstream }) {
    this.world.upstreams[upstream].pauseListening();
  }

  async start({ upstream }) {
    await this.world.upstreams[upstream].listen(this.world.directory, this.world.certificates.example);
  }

  async later({ ms }) {
    await pause(ms);
  }

  write(text) {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
  }
}
