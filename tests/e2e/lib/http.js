import http from 'node:http';
import https from 'node:https';

/** One request by Node's client: {status, headers, rawHeaders, trailers, localPort, body}. `body` may be a stream or bytes. */
export function request(url, { body, ...options } = {}) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = client.request(url, { agent: false, signal: AbortSignal.timeout(60_000), ...options }, (incoming) => {
      const chunks = [];
      const { localPort } = incoming.socket;
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => resolve({
        status: incoming.statusCode,
        headers: incoming.headers,
        rawHeaders: incoming.rawHeaders,
        trailers: incoming.trailers,
        localPort,
        body: Buffer.concat(chunks),
      }));
    });
    outgoing.on('error', reject);
    if (body?.pipe) body.pipe(outgoing);
    else outgoing.end(body);
  });
}

/** As request(), but answers when the head has come: {status, headers, stream}. */
export function open(url, options = {}) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = client.request(url, { agent: false, signal: AbortSignal.timeout(60_000), ...options }, (stream) => {
      resolve({ status: stream.statusCode, headers: stream.headers, stream, abort: () => outgoing.destroy() });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
