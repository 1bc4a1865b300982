import { connection, get, head, pipelined } from '../../lib/golden/words.js';

const digits = '0123456789'.repeat(10);
const ranged = (...ranges) => ranges.map((range) => get('/digits.txt', { headers: { Range: range } }));
const modified = 'Sat, 03 Feb 2024 04:05:06 GMT';
const etag = '"65bdbb72-64"';
const conditions = [
  { 'If-Modified-Since': modified }, { 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:07 GMT' }, { 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:05 GMT' }, { 'If-Modified-Since': 'nonsense' }, { 'If-Modified-Since': 'Saturday, 03-Feb-24 04:05:06 GMT' }, { 'If-Unmodified-Since': modified },
  { 'If-Unmodified-Since': 'Sat, 03 Feb 2024 04:05:05 GMT' }, { 'If-None-Match': etag }, { 'If-None-Match': `W/${etag}` }, { 'If-None-Match': `"x", ${etag}` }, { 'If-None-Match': '*' }, { 'If-None-Match': '"x"' }, { 'If-None-Match': '"x"', 'If-Modified-Since': modified }, { 'If-None-Match': etag, 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:05 GMT' }, { 'If-Match': etag }, { 'If-Match': '"x"' },
  { 'If-Match': '*' }, { 'If-Match': `W/${etag}` }, { 'If-Range': etag, Range: 'bytes=0-1' }, { 'If-Range': '"x"', Range: 'bytes=0-1' }, { 'If-Range': modified, Range: 'bytes=0-1' }, { 'If-Range': 'Sat, 03 Feb 2024 04:05:07 GMT', Range: 'bytes=0-1' }, { 'If-Match': '"x"', 'If-None-Match': etag },
];
export default {
  about: 'Files: types, ETag, Last-Modified, every kind of condition and range, HEAD, index, folders',
  files: { 'html/digits.txt': digits, 'html/large.bin': '\x00\x01\x02\x03'.repeat(100000), 'html/unknown.zzz': 'z' },
  connections: [
    connection('types', ['/page.html', '/style.css', '/digits.txt', '/large.bin', '/unknown.zzz', '/empty.txt', '/folder', '/folder/', '/none', '/page.html?x'].map((target) => get(target))),
    connection('head', ['/page.html', '/large.bin', '/folder', '/none'].map((target) => head(target))),
    connection('ranges', ranged('bytes=0-0', 'bytes=5-9', 'bytes=90-', 'bytes=-5', 'bytes=-500', 'bytes=0-', 'bytes=99-99', 'bytes=100-', 'bytes=100-200', 'bytes=50-200', 'bytes=9-5', 'bytes=', 'bytes=a-b', 'bytes=-', 'items=0-1', 'bytes 0-1', 'BYTES=0-1', 'bytes= 0 - 1', 'bytes=-0', 'bytes=18446744073709551616-')),
    connection('several ranges', ranged('bytes=0-0,5-6', 'bytes=0-1, 200-300', 'bytes=200-300,400-', 'bytes=0-9,5-14', 'bytes=0-99,0-99', 'bytes=0-0,-1', 'bytes=1-2,a', 'bytes=0-0,,1-1')),
    // After its 412 nginx says keep-alive, and closes.
    ...conditions.map((headers, i) => connection(`condition ${i + 1}`, get('/digits.txt', { headers }), { anyEnd: true })),
    connection('head with them', [head('/digits.txt', { headers: { Range: 'bytes=0-1' } }), head('/digits.txt', { headers: { 'If-None-Match': etag } })]),
    connection('settings', [
      get('/no-etag/digits.txt'), get('/no-etag/digits.txt', { headers: { 'If-None-Match': etag } }), get('/ims-off/digits.txt', { headers: { 'If-Modified-Since': modified } }), get('/ims-before/digits.txt', { headers: { 'If-Modified-Since': 'Sat, 03 Feb 2024 05:05:07 GMT' } }), get('/ims-before/digits.txt', { headers: { 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:05 GMT' } }),
      get('/max-ranges/digits.txt', { headers: { Range: 'bytes=0-1' } }), get('/max-ranges/digits.txt', { headers: { Range: 'bytes=0-1,3-4' } }), get('/no-ranges/digits.txt', { headers: { Range: 'bytes=0-1' } }), get('/charset/page.html'), get('/charset/style.css'), get('/charset/large.bin', { headers: { Range: 'bytes=0-3' } }), get('/index/'), get('/index2/?i=nested.html'), get('/index2/?i=none'), get('/index2/'),
    ]),
    connection('kept', [get('/large.bin', { headers: { Range: 'bytes=-4' } }), get('/large.bin'), get('/page.html', { close: true })]),
    connection('1.0', get('/page.html', { version: '1.0', headers: { Range: 'bytes=0-1' } })),
    connection('pipelined', pipelined(get('/page.html'), head('/page.html'), get('/none'), get('/digits.txt', { headers: { Range: 'bytes=0-1' } }))),
  ],
};
