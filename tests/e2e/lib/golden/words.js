/** All that scenarios are written with. */
export {
  answers, arrived, bodySoFar, chunked, closeFrame, connection, conversation, finish, frames, get, handshake, head, later, openGate,
  pipelined, post, raw, received, request, send, serverEnds, split, startUpstream, stopUpstream, tunnelBytes, vanish,
} from './client.js';
export { bytes, hangUp, reply, silence, webSocket } from './upstream.js';
export { frame } from './wire.js';
