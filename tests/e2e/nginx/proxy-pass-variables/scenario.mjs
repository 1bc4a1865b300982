import { connection, get, post } from '../../lib/golden/words.js';

const color = (name) => ({ headers: { Cookie: `color=${name}` } });
export default {
  about: 'Variables in proxy_pass: upstreams by name, addresses, whole URLs, unix sockets, what cannot be resolved',
  upstreams: { one: {}, two: {}, sock: { listen: 'unix', script: {} } },
  connections: [
    connection('pools', [get('/pool/x?y'), get('/pool/a%20b//c', color('green')), get('/pool-uri/x?y=1'), get('/pool-uri/x', color('green')), get('/pool/x', color('none'))]),
    connection('addresses', [get('/address/a%20b?c'), get('/address-uri/a%20b?c'), get('/whole/x?y'), get('/host/'), get('/re/one/a?b=c'), get('/re/two/a'), post('/address/', 'body')]),
    connection('unix', [get('/unix/a'), get('/unix-fixed/a?b'), get('/unix-fixed2/a?b')]),
    connection('wrong', [get('/unknown/'), get('/nonsense/'), get('/empty/'), get('/port/?port=1'), get('/port/?port=x')]),
  ],
  differences: [
    { at: 'client addresses answer 2 body', nginx: 'two: GET /x/?from=/address-uri/a b HTTP/1.0\n', here: 'two: GET /x/?from=/address-uri/a%20b HTTP/1.0\n', why: 'what variables bring into a request line is escaped: a space would end it' },
    { at: 'client addresses answer 2 content-length', nginx: '44', here: '46', why: 'as above' },
    { at: /^upstream two GET \/x\/\?from=\/address-uri\/a b HTTP\/1\.0 #1 /, here: null, why: 'as above' },
    { at: /^upstream two GET \/x\/\?from=\/address-uri\/a%20b HTTP\/1\.0 #1 /, nginx: null, why: 'as above' },
  ],
};
