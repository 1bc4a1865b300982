/**
 * HTTP/1 messages taken out of a stream of bytes (latin1 strings) as they come, nothing repaired: the start line and
 * the fields as they were written, the body by its framing.
 */
export class MessageReader {
  /** `kind`: request or response. */
  constructor(kind, onMessage = () => {}) {
    this.kind = kind;
    this.onMessage = onMessage;
    this.messages = [];
    this.methods = [];   // {method, version} of the requests whose answers are still to come
    this.buffer = '';
    this.state = 'head';
    this.tunnel = '';    // what came behind a 101, or after become('tunnel')
  }

  feed(text) {
    this.buffer += text;
    while (this[this.state]()) { /* one step at a time */ }
  }

  /** The peer has ended: a body that ends by that is whole, any other is cut. */
  finish() {
    if (this.state === 'rest') this.complete();
    else if (this.current) {
      this.current.cut = true;
      this.complete();
    }
  }

  become(state) {
    this.state = state;
    while (this[this.state]()) { /* what is there already */ }
  }

  head() {
    if (this.kind === 'request') this.buffer = this.buffer.replace(/^(\r\n)+/, '');
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [start, ...lines] = this.buffer.slice(0, end).split('\r\n');
    this.buffer = this.buffer.slice(end + 4);
    const fields = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
    this.current = { start, fields, body: [], framing: 'none', trailers: [] };
    this.state = this.kind === 'request' ? this.framingOf() : this.responseFramingOf();
    if (this.state === 'head' || this.state === 'through') this.complete(this.state);
    return true;
  }

  field(name) {
    return this.current.fields.find(([each]) => each.toLowerCase() === name)?.[1];
  }

  framingOf(otherwise = 'head') {
    if (/chunked/i.test(this.field('transfer-encoding') ?? '')) {
      this.current.framing = 'chunked';
      return 'chunk';
    }
    this.left = Number(this.field('content-length') ?? NaN);
    if (Number.isNaN(this.left)) return otherwise;
    this.current.framing = 'length';
    return this.left > 0 ? 'fixed' : 'head';
  }

  responseFramingOf() {
    const status = Number(this.current.start.split(' ')[1]);
    if (status === 101) return 'through';
    if (status < 200) {
      this.current.interim = true;
      return 'head';
    }
    const { method, version } = this.methods.shift() ?? {};
    Object.assign(this.current, { method, version });
    if (method === 'HEAD' || status === 204 || status === 304) return 'head';
    const state = this.framingOf('rest');
    if (state === 'rest') this.current.framing = 'close';
    return state;
  }

  complete(state = 'head') {
    const { current } = this;
    this.current = undefined;
    this.state = state;
    current.body = current.body.join('');
    this.messages.push(current);
    this.onMessage(current);
  }

  fixed() {
    const part = this.buffer.slice(0, this.left);
    if (part === '') return false;
    this.current.body.push(part);
    this.buffer = this.buffer.slice(part.length);
    this.left -= part.length;
    if (this.left === 0) this.complete();
    return true;
  }

  rest() {
    this.current.body.push(this.buffer);
    this.buffer = '';
    return false;
  }

  chunk() {
    const end = this.buffer.indexOf('\r\n');
    if (end < 0) return false;
    this.left = parseInt(this.buffer.slice(0, end), 16);
    this.buffer = this.buffer.slice(end + 2);
    this.state = this.left > 0 ? 'chunkData' : 'trailer';
    return true;
  }

  chunkData() {
    if (this.buffer.length < this.left + 2) return false;
    this.current.body.push(this.buffer.slice(0, this.left));
    this.buffer = this.buffer.slice(this.left + 2);
    this.state = 'chunk';
    return true;
  }

  trailer() {
    const end = this.buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.buffer.slice(0, end);
    this.buffer = this.buffer.slice(end + 2);
    if (line === '') this.complete();
    else this.current.trailers.push(line);
    return true;
  }

  through() {
    this.tunnel += this.buffer;
    this.buffer = '';
    return false;
  }
}

/** A WebSocket frame as its bytes. The mask is always the same one, so that two runs send the same. */
export function frame(payload, { opcode = 1, fin = true, masked = true } = {}) {
  const body = Buffer.from(payload, 'latin1');
  const length = body.length < 126 ? [body.length] : body.length < 65536
    ? [126, body.length >> 8, body.length & 255]
    : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (body.length >>> shift) & 255)];
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  if (masked) for (let i = 0; i < body.length; ++i) body[i] ^= mask[i % 4];
  const head = [(fin ? 0x80 : 0) | opcode, length[0] | (masked ? 0x80 : 0), ...length.slice(1), ...(masked ? mask : [])];
  return Buffer.concat([Buffer.from(head), body]).toString('latin1');
}

/** The first whole frame of `bytes` and what follows it; undefined: there is none yet. */
export function takeFrame(bytes) {
  const buffer = Buffer.from(bytes.slice(0, 14), 'latin1');
  if (buffer.length < 2) return undefined;
  let length = buffer[1] & 127;
  let at = 2;
  if (length === 126) [length, at] = [buffer.length >= 4 ? buffer.readUInt16BE(2) : Infinity, 4];
  else if (length === 127) [length, at] = [buffer.length >= 10 ? Number(buffer.readBigUInt64BE(2)) : Infinity, 10];
  const masked = (buffer[1] & 128) !== 0;
  const end = at + (masked ? 4 : 0) + length;
  if (bytes.length < end) return undefined;
  const body = Buffer.from(bytes.slice(end - length, end), 'latin1');
  if (masked) for (let i = 0; i < body.length; ++i) body[i] ^= buffer[at + (i % 4)];
  return { opcode: buffer[0] & 15, fin: (buffer[0] & 128) !== 0, payload: body.toString('latin1'), rest: bytes.slice(end) };
}
