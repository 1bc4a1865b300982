import net from 'node:net';
import tls from 'node:tls';

import { until } from './wait.js';

/** A TCP port that nobody listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Listens on a loopback port of the system's choice and answers it. Does not keep a test file from ending. */
export async function listen(server) {
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return server.address().port;
}

export function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A socket for bytes written by hand, which remembers all that came. */
export class RawSocket {
  static async connect(port, tlsOptions) {
    const socket = tlsOptions
      ? tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ...tlsOptions })
      : net.connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => {
      socket.once(tlsOptions ? 'secureConnect' : 'connect', resolve).once('error', reject);
    });
    return new RawSocket(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.received = '';
    this.ended = false;
    this.closed = false;
    socket.setEncoding('latin1');
    socket.on('data', (text) => (this.received += text));
    socket.on('end', () => (this.ended = true));
    socket.on('error', () => {});
    socket.on('close', () => (this.closed = true));
  }

  write(text) {
    this.socket.write(text, 'latin1');
  }

  /** Waits until what came matches, and answers the match. */
  async until(pattern, timeoutMs) {
    return until(() => this.received.match(pattern), String(pattern), timeoutMs)
      .catch((error) => {
        throw new Error(`${error.message}; received: ${JSON.stringify(this.received.slice(-400))}`);
      });
  }

  /** Waits for the peer's end and answers all that came. */
  async untilEnd(timeoutMs) {
    await until(() => this.ended || this.closed, 'the end of the connection', timeoutMs);
    return this.received;
  }

  destroy() {
    this.socket.destroy();
  }
}
