import {
  closeFrame, connection, frame, frames, get, handshake, startUpstream, stopUpstream, vanish, webSocket,
} from '../../lib/golden/words.js';

const broker = { '/mqtt': webSocket({ fields: { 'Sec-WebSocket-Protocol': 'mqtt' } }) };
const secure = { to: 'https', sni: 'mqtt.example.com' };
const session = [
  handshake('/mqtt', { host: 'mqtt.example.com', headers: { 'Sec-WebSocket-Protocol': 'mqtt' } }),
  frames([{ bytes: frame('\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test', { opcode: 2 }) }, { bytes: frame('\xc0\x00', { opcode: 2 }) }]),
];
export default {
  about: 'MQTT over secure WebSocket, a standby that takes over when the broker refuses connections',
  listeners: ['https'],
  upstreams: { broker, standby: broker },
  connections: [
    connection('a device', [...session, closeFrame()], secure),
    connection('a device that vanishes', [...session, vanish()], secure),
    connection('elsewhere', get('/', { host: 'mqtt.example.com' }), secure),
    connection('the broker is gone', [stopUpstream('broker'), ...session, closeFrame()], secure),
    connection('and stays away', [...session, closeFrame(), startUpstream('broker')], secure),
  ],
};
