import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { MessageReader, frame, takeFrame } from './wire.js';

const reasons = {
  101: 'Switching Protocols', 200: 'OK', 201: 'Created', 204: 'No Content', 206: 'Partial Content', 301: 'Moved Permanently',
  302: 'Found', 303: 'See Other', 304: 'Not Modified', 307: 'Temporary Redirect', 400: 'Bad Request', 401: 'Unauthorized',
  403: 'Forbidden', 404: 'Not Found', 410: 'Gone', 413: 'Payload Too Large', 418: "I'm a teapot", 422: 'Unprocessable Entity',
  426: 'Upgrade Required',  429: 'Too Many Requests', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

const lines = (fields) => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
const pairs = (fields) => (Array.isArray(fields) ? [...fields] : Object.entries(fields));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * An answer. `fields`: an object, or a list of pairs. `framing`: length, chunked, close (ended by the connection's
 * end), none. `pieces` instead of `body`: written one by one, some milliseconds apart. `gate`: the body waits for it.
 */
export function reply(status = 200, fields = {}, body = undefined, options = {}) {
  const { framing = 'length', version = '1.1', reason = reasons[status], pieces, gate, interim, trailers } = options;
  return async (request, link) => {
    const content = body ?? `${link.name}: ${request.start}\n`;
    const parts = pieces ?? [content];
    const bodiless = request.start.startsWith('HEAD ') || status === 204 || status === 304;
    const all = pairs(fields);
    const typed = all.some(([name]) => name.toLowerCase() === 'content-type');
    if (!typed && status !== 204 && status !== 304) all.push(['Content-Type', 'text/plain']);
    if (framing === 'length' && status !== 204 && status !== 304) all.push(['Content-Length', String(parts.join('').length)]);
    if (framing === 'chunked') all.push(['Transfer-Encoding', 'chunked']);
    const close = framing === 'close' || link.closes(request);
    if (close) all.push(['Connection', 'close']);
    if (interim) link.write(interim);
    link.write(`HTTP/${version} ${status} ${reason}\r\n${lines(all)}\r\n`);
    if (gate) await link.gate(gate);
    if (!bodiless) {
      for (const [i, part] of parts.entries()) {
        if (i > 0) await pause(5);
        link.write(framing === 'chunked' ? `${part.length.toString(16)}\r\n${part}\r\n` : part);
      }
      if (framing === 'chunked') link.write(`0\r\n${trailers ?? ''}\r\n`);
    }
    if (close) link.end();
  };
}

/** Bytes as they stand; `then`: keep, end or reset. */
export function bytes(text, then = 'end') {
  return (request, link) => {
    link.write(text);
    if (then === 'end') link.end();
    if (then === 'reset') link.reset();
  };
}

/** Says nothing for as long as the peer stays. */
export const silence = () => () => {};
/** Ends without an answer. */
export const hangUp = () => (request, link) => link.end();

/**
 * A WebSocket server: 101, then every message comes back, every ping gets its pong; a Close is answered and the
 * connection ended. `greet`: sent in one segment with the 101. `then`: instead of the echo, called with the link.
 */
export function webSocket({ fields = {}, greet = '', then } = {}) {
  return (request, link) => {
    const field = (wanted) => request.fields.find(([name]) => name.toLowerCase() === wanted)?.[1];
    const key = field('sec-websocket-key');
    if (!key || !field('upgrade')) return reply(426, {}, 'no handshake\n')(request, link);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const all = [['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Accept', accept], ...pairs(fields)];
    link.write(`HTTP/1.1 101 Switching Protocols\r\n${lines(all)}\r\n${greet}`);
    link.tunnel(then ?? echo);
    return undefined;
  };
}

function echo(link, received) {
  let rest = received;
  for (let next = takeFrame(rest); next; next = takeFrame(rest)) {
    rest = next.rest;
    if (next.opcode === 8) {
      link.write(frame(next.payload, { opcode: 8, masked: false }));
      link.end();
    } else if (next.opcode !== 10) {
      const opcode = next.opcode === 9 ? 10 : next.opcode;
      link.write(frame(next.payload, { opcode, fin: next.fin, masked: false }));
    }
  }
  return rest;
}

/**
 * A server that records every connection and request, byte for byte, and answers by a script: a function, or an
 * object of paths (without the query) and `*`; a list is answered in turn, its last for ever.
 */
export class Upstream {
  constructor(name, spec) {
    this.name = name;
    const { script = spec, listen = '127.0.0.1', secure = false } = typeof spec === 'function' || !spec.script ? { script: spec } : spec;
    Object.assign(this, { script, address: listen, secure });
    this.gates = new Map();
    this.clear();
  }

  clear() {
    for (const link of this.links ?? []) link.socket.destroy();
    this.links = [];
    this.order = 0;
    this.turns = new Map();
    this.gates.clear();
  }

  async listen(directory, certificate) {
    this.server = this.secure
      ? tls.createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem })
      : net.createServer();
    this.server.on(this.secure ? 'secureConnection' : 'connection', (socket) => this.accept(socket));
    this.server.on('tlsClientError', () => {});
    const where = this.address === 'unix' ? { path: `${directory}/${this.name}.sock` } : { port: this.port ?? 0, host: this.address };
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(where, resolve));
    this.server.unref();
    this.port = where.path ? undefined : this.server.address().port;
    this.place = where.path ?? String(this.port);
    if (where.path) fs.chmodSync(where.path, 0o777);
  }

  /** Connections that are there stay. */
  pauseListening() {
    this.server.close();
  }

  close() {
    this.clear();
    this.server?.close();
  }

  accept(socket) {
    const link = new Link(this, socket);
    this.links.push(link);
  }

  behaviour(request) {
    const path = request.start.split(' ')[1].split('?')[0];
    let found = typeof this.script === 'function' ? this.script : this.script[path] ?? this.script['*'] ?? reply();
    if (Array.isArray(found)) {
      const turn = this.turns.get(path) ?? 0;
      this.turns.set(path, turn + 1);
      found = found[Math.min(turn, found.length - 1)];
    }
    return found;
  }

  gate(name) {
    if (!this.gates.has(name)) {
      const gate = {};
      gate.opened = new Promise((resolve) => (gate.open = resolve));
      this.gates.set(name, gate);
    }
    return this.gates.get(name);
  }

  requests() {
    return this.links.reduce((sum, link) => sum + link.reader.messages.length, 0);
  }
}

class Link {
  constructor(upstream, socket) {
    Object.assign(this, { upstream, socket, name: upstream.name, peerPort: socket.remotePort });
    this.unread = '';
    this.work = Promise.resolve();
    this.reader = new MessageReader('request', (request) => {
      request.order = upstream.order++;
      this.work = this.work.then(() => upstream.behaviour(request)(request, this));
    });
    socket.setEncoding('latin1');
    socket.setNoDelay?.(true);
    socket.on('data', (text) => this.received(text));
    socket.on('end', () => {
      this.peerEnded = true;
      socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => (this.closed = true));
  }

  received(text) {
    this.reader.feed(text);
    if (this.onTunnel) this.serve();
  }

  serve() {
    const { tunnel } = this.reader;
    this.unread += tunnel.slice(this.taken ?? 0);
    this.taken = tunnel.length;
    this.unread = this.onTunnel(this, this.unread) ?? '';
  }

  tunnel(handler) {
    this.onTunnel = handler;
    this.reader.become('through');
    this.serve();
  }

  closes(request) {
    const connection = request.fields.find(([name]) => name.toLowerCase() === 'connection')?.[1] ?? '';
    return /close/i.test(connection) || (request.start.endsWith('HTTP/1.0') && !/keep-alive/i.test(connection));
  }

  gate(name) {
    return this.upstream.gate(name).opened;
  }

  write(text) {
    if (!this.socket.destroyed && text !== '') this.socket.write(text, 'latin1');
  }

  end() {
    this.socket.end();
  }

  reset() {
    if (this.socket.resetAndDestroy) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}
