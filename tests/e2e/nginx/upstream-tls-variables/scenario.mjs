import { closeFrame, connection, frames, get, handshake, webSocket } from '../../lib/golden/words.js';

const ask = (name, ...targets) => connection(name, targets.map((target) => get(target)));
export default {
  about: 'proxy_pass https with variables: SNI, verification and certificates hold for whatever the variables lead to',
  upstreams: { app: { secure: true, script: { '/ws': webSocket() } } },
  connections: [
    ask('addresses', '/plain/', '/sni/', '/verified/', '/wrong-name/', '/wrong-ca/', '/whole/', '/shown/'),
    ask('names that are variables', '/named/?name=example.com', '/named/?name=example.com:8443', '/named/?name=wrong.test', '/named/', '/fixed-named/?name=example.com', '/fixed-named/?name=wrong.test', '/fixed-named/'),
    ask('upstreams by name', '/group/?to=group', '/group/?to=Group', '/group-unverified/?to=group', '/group-wrong/?to=group', '/group-wrong/?to=other', '/group/?to=other', '/group-named/?to=group&name=example.com', '/group-named/?to=group&name=wrong.test'),
    ask('what another location says does not count', '/loose/', '/tight/'),
    connection('tunnel', [handshake('/ws'), frames(['hi']), closeFrame()]),
  ],
};
