// The binary under the name of nginx: its command line and its process, side by side with the real one where words
// matter.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { makeCertificate } from './lib/certificates.js';
import { run } from './lib/command.js';
import { binary, temporaryDirectory } from './lib/gateway.js';
import { nginxBinary } from './lib/golden/sides.js';
import { accepts, freePort } from './lib/net.js';
import { once, until } from './lib/wait.js';

const directory = temporaryDirectory();
const ours = path.join(directory, 'nginx');
fs.symlinkSync(path.resolve(binary), ours);
const sides = [nginxBinary, ours];
const errorLog = path.join(directory, 'startup.log');
fs.chmodSync(directory, 0o755);

const write = (name, text) => {
  const file = path.join(directory, name);
  fs.writeFileSync(file, text);
  return file;
};

/** What both say to the same command, times and process ids taken out. */
const plain = (text) => text.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, 'TIME').replace(/\d+#\d+/g, 'PID');

async function bothSay(args) {
  const answers = [];
  for (const program of sides) {
    fs.rmSync(errorLog, { force: true });
    const { code, stdout, stderr } = await run(program, args);
    const logged = fs.existsSync(errorLog) ? fs.readFileSync(errorLog, 'utf8') : '';
    answers.push({ code, stdout: plain(stdout), stderr: plain(stderr), logged: plain(logged) });
  }
  assert.deepEqual(answers[1], answers[0], args.join(' '));
  return answers[0];
}

const good = write('good.conf', `
pid ${directory}/good.pid;
events {}
http {
  server { listen 127.0.0.1:${await freePort()}; return 200 "fine"; }
  include ${directory}/more-*.conf;
}
`);
write('more-1.conf', '# nothing\n');

for (const args of [['-x'], ['foo'], ['-s'], ['-s', 'foo'], ['-c'], ['-e'], ['-p'], ['-g'], ['-tqz']]) {
  test(`nginx ${args.join(' ')}: nginx's own words and exit code`, async () => {
    assert.equal((await bothSay(args)).code, 1);
  });
}

test('-t, -q, -T: of a good file', async () => {
  const said = await bothSay(['-t', '-c', good, '-e', errorLog]);
  assert.match(said.stderr, /test is successful/);
  await bothSay(['-tq', '-c', good, '-e', errorLog]);
  await bothSay(['-T', '-c', good, '-e', errorLog]);
  await bothSay(['-t', '-c', 'good.conf', '-p', `${directory}/`, '-e', 'startup.log']);
  assert.equal(fs.existsSync(`${directory}/good.pid`), true, 'the real one leaves an empty file behind');
  fs.rmSync(`${directory}/good.pid`);
});

const bad = {
  'an unknown directive': 'events {}\nhttp {\n  foo;\n}\n',
  'a missing semicolon': 'events {}\nhttp { server { listen 127.0.0.1:1 } }\n',
  'an end too soon': 'events {}\nhttp {\n',
  'a wrong place': 'listen 80;\nevents {}\n',
};
for (const [name, text] of Object.entries(bad)) {
  test(`-t: ${name}`, async () => {
    const file = write('bad.conf', text);
    assert.equal((await bothSay(['-t', '-c', file, '-e', errorLog])).code, 1);
    assert.equal((await bothSay(['-t', '-c', file, '-e', 'stderr'])).code, 1);
    assert.equal((await bothSay(['-c', file, '-e', errorLog])).code, 1);
  });
}

test('-t: no file; -g: directives of its own', async () => {
  await bothSay(['-t', '-c', `${directory}/none.conf`, '-e', errorLog]);
  await bothSay(['-t', '-c', good, '-e', errorLog, '-g', 'foo on;']);
  await bothSay(['-t', '-c', good, '-e', errorLog, '-g', 'worker_processes 1']);
  await bothSay(['-t', '-c', good, '-e', errorLog, '-g', 'worker_processes 1;']);
  fs.rmSync(`${directory}/good.pid`, { force: true });
});

test('-t: a log in a folder that is not there', async () => {
  const file = write('log.conf', `pid ${directory}/log.pid; events {} http { access_log ${directory}/nowhere/access.log; server { return 204; } }`);
  assert.equal((await bothSay(['-t', '-c', file, '-e', errorLog])).code, 1);
});

test('-s: without a process', async () => {
  assert.equal((await bothSay(['-s', 'stop', '-c', good, '-e', errorLog])).code, 1);
  fs.writeFileSync(`${directory}/good.pid`, 'abc\n');
  assert.equal((await bothSay(['-s', 'reload', '-c', good, '-e', errorLog])).code, 1);
  fs.rmSync(`${directory}/good.pid`);
});

test('-v, -V, -h: who it is, in the form that scripts read', async () => {
  const version = await run(ours, ['-v']);
  assert.equal(version.code, 0);
  assert.match(version.stderr, /^nginx version: tidegate\/\d+\.\d+\.\d+\n$/);
  const everything = await run(ours, ['-V']);
  assert.match(everything.stderr, /^built (by|with) .*\n/m);
  assert.match(everything.stderr, /^built with OpenSSL 3/m);
  assert.match(everything.stderr, /^configure arguments: .*--with-http_ssl_module/m);
  const [theirs, help] = await Promise.all(sides.map((program) => run(program, ['-h'])));
  assert.equal(help.stderr.split('\n').slice(1).join('\n'), theirs.stderr.split('\n').slice(1).join('\n'));
});

// ---------------------------------------------------------------------------------------------------------------
// The process

const isRoot = os.userInfo().uid === 0;

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

function get(port, target = '/', host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    http.get({ port, host, path: target, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => resolve(body));
    }).on('error', reject);
  });
}

/** A file with a log, a pid file and one port, whose answer is `body`. */
async function site(name) {
  const port = await freePort();
  const one = {
    port,
    pid: `${directory}/${name}.pid`,
    log: `${directory}/${name}.log`,
    file: `${directory}/${name}.conf`,
    configure(body, more = '') {
      fs.writeFileSync(one.file, `
        ${more || (isRoot ? 'user root;' : '')}
        pid ${one.pid};
        error_log ${one.log} notice;
        events {}
        http { access_log off; server { listen 127.0.0.1:${port}; return 200 "${body}"; } }
      `);
    },
    running: () => Number(fs.readFileSync(one.pid, 'utf8')),
    signal: (word) => run(ours, ['-s', word, '-c', one.file, '-e', errorLog]),
    logged: () => fs.readFileSync(one.log, 'utf8'),
  };
  return one;
}

test('daemon on: the command ends when it is up; -s reload, reopen and quit find it', async () => {
  const one = await site('daemon');
  one.configure('first');
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  try {
    assert.equal(alive(pid), true);
    assert.equal(await get(one.port), 'first', 'at once');

    one.configure('second');
    assert.equal((await one.signal('reload')).code, 0);
    await until(async () => (await get(one.port)) === 'second', 'the reload');
    assert.equal(one.running(), pid);

    one.configure('third" "');
    assert.equal((await one.signal('reload')).code, 1, 'the file is read by the command first, as nginx does');
    process.kill(pid, 'SIGHUP');
    await until(() => /\[emerg\] \d+#\d+: .* in .*daemon\.conf:\d+/.test(one.logged()), 'the complaint');
    assert.equal(await get(one.port), 'second', 'the old one goes on');

    one.configure('second');
    fs.renameSync(one.log, `${one.log}.1`);
    assert.equal((await one.signal('reopen')).code, 0);
    await until(() => fs.existsSync(one.log), 'the log to be there again');

    assert.equal((await one.signal('quit')).code, 0);
    await until(() => !alive(pid), 'the end');
    assert.equal(fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', false, 'no process id is left');
    assert.equal(await accepts(one.port), false);
    const all = fs.readFileSync(`${one.log}.1`, 'utf8') + one.logged();
    assert.doesNotMatch(all, /\[alert\]/);
    for (const line of all.trim().split('\n')) {
      assert.match(line, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(notice|warn|emerg)\] \d+#\d+: /);
    }
  } finally {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('daemon off: stays, and TERM stops it at once', async () => {
  const one = await site('foreground');
  one.configure('here', `daemon off; ${isRoot ? 'user root;' : ''}`);
  const child = spawn(ours, ['-c', one.file, '-e', errorLog], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    await until(() => fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', 'the process id');
    assert.equal(one.running(), child.pid);
    assert.equal(await get(one.port), 'here');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a port in use: the command says so and fails, whatever daemon says', async () => {
  const busy = http.createServer();
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
  try {
    const one = await site('busy');
    one.configure('never');
    const text = fs.readFileSync(one.file, 'utf8').replace(`:${one.port}`, `:${busy.address().port}`);
    fs.writeFileSync(one.file, text);
    const started = await run(ours, ['-c', one.file, '-e', errorLog]);
    assert.equal(started.code, 1);
    assert.match(started.stderr, /^nginx: \[emerg\] .*in use/m);
    assert.match(one.logged(), /^\d{4}\/.* \[emerg\] \d+#\d+: .*in use/m);
    assert.equal(fs.existsSync(one.pid), false);
  } finally {
    busy.close();
  }
});

/** Who may do what: the main thread alone keeps capabilities. */
function checkThreads(pid, user) {
  const threads = fs.readdirSync(`/proc/${pid}/task`);
  assert.ok(threads.length > 1);
  for (const thread of threads) {
    const status = fs.readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\\s+${user}\\s+${user}\\s+${user}\\s+${user}$`, 'm'));
    assert.doesNotMatch(status, /^Groups:.*\b0\b/m);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
      const kept = BigInt(`0x${status.match(new RegExp(`^${set}:\\s+([0-9a-f]+)$`, 'm'))[1]}`);
      const allowed = thread === String(pid) ? (1n << 10n) | (1n << 2n) : 0n;
      assert.equal(kept & ~allowed, 0n, `thread ${thread} keeps ${set} ${kept.toString(16)}`);
    }
  }
}

test('user: it is that user when it serves, and still reads a key that only root may', {
  skip: !isRoot && 'only root can become another',
}, async () => {
  const one = await site('user');
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-keyout', `${directory}/user.key`, '-out', `${directory}/user.pem`]);
  fs.chmodSync(`${directory}/user.key`, 0o600);
  one.configure('served', 'user www-data;');
  const text = fs.readFileSync(one.file, 'utf8').replace('http {', `http {
    server { listen 127.0.0.1:${await freePort()} ssl; ssl_certificate ${directory}/user.pem;
             ssl_certificate_key ${directory}/user.key; return 200 "secret"; }`);
  fs.writeFileSync(one.file, text);
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  try {
    const wanted = (await run('id', ['-u', 'www-data'])).stdout.trim();
    checkThreads(pid, wanted);
    assert.equal(String(fs.statSync(one.log).uid), wanted, 'the log is its own to open again');
    fs.writeFileSync(one.file, text.replace('served', 'served again'));
    process.kill(pid, 'SIGHUP');
    await until(async () => (await get(one.port)) === 'served again', 'the reload');
    process.kill(pid, 'SIGUSR2');
    await until(() => !alive(pid), 'the end of the first');
    await until(() => one.running() !== pid, 'the process id of the second');
    const second = one.running();
    try {
      assert.equal(await get(one.port), 'served again');
      checkThreads(second, wanted);
      process.kill(second, 'SIGQUIT');
      await until(() => !alive(second), 'the end');
    } finally {
      if (alive(second)) process.kill(second, 'SIGKILL');
    }
  } finally {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('tidegate run --nginx: in the foreground, with the user, error log and pid file that the file names', async () => {
  const one = await site('foreground-run');
  one.configure('served', isRoot ? 'user www-data;' : '');
  const child = spawn(path.resolve(binary), ['run', '--nginx', one.file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (words += text));
  try {
    await until(() => fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', 'the process id');
    assert.equal(one.running(), child.pid);
    assert.equal(await get(one.port), 'served');
    await until(() => words.includes(`the log is ${one.log}\n`), 'whoever started it to be told');
    if (isRoot) checkThreads(child.pid, (await run('id', ['-u', 'www-data'])).stdout.trim());
    one.configure('served again', isRoot ? 'user www-data;' : '');
    child.kill('SIGHUP');
    await until(async () => (await get(one.port)) === 'served again', 'the reload');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    assert.doesNotMatch(one.logged(), /super-user|\[(emerg|alert)\]/, 'it is still who it was when it started');
    assert.match(one.logged(), /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[notice\] \d+#\d+: /);
    assert.equal(fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', false, 'no process id is left');
  } finally {
    child.kill('SIGKILL');
  }
});

test('user: what only root may read serves connections to upstreams too, before and after a reload', {
  skip: !isRoot && 'only root can become another',
}, async () => {
  const one = await site('upstream-key');
  const theirs = await makeCertificate(directory, 'upstream', { names: ['127.0.0.1'] });
  const shown = await makeCertificate(directory, 'shown', { names: ['gateway'] });
  const upstream = https.createServer({
    cert: fs.readFileSync(theirs.certificate), key: fs.readFileSync(theirs.privateKey), requestCert: true, rejectUnauthorized: false,
  }, (request, response) => response.end(`${request.socket.getPeerCertificate()?.subject?.CN} ${request.url}`));
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  for (const file of [theirs.certificate, shown.privateKey, shown.certificate]) fs.chmodSync(file, 0o600);
  const configure = (word) => {
    one.configure('', 'user www-data;');
    fs.writeFileSync(one.file, fs.readFileSync(one.file, 'utf8').replace('return 200 "";', `
      proxy_ssl_certificate ${shown.certificate}; proxy_ssl_certificate_key ${shown.privateKey};
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${theirs.certificate}; proxy_ssl_name 127.0.0.1;
      location / { proxy_pass https://127.0.0.1:${upstream.address().port}/${word}; }
      location /variable { set $to https://127.0.0.1:${upstream.address().port}; proxy_pass $to/variable-${word}; }
    `));
  };
  configure('first');
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  try {
    assert.equal(await get(one.port), 'gateway /first');
    assert.equal(await get(one.port, '/variable'), 'gateway /variable-first');
    configure('second');
    assert.equal((await one.signal('reload')).code, 0);
    await until(async () => (await get(one.port)) === 'gateway /second', 'the reload');
    assert.equal(await get(one.port, '/variable'), 'gateway /variable-second');
    // A key that is gone is told at its place, and all goes on as it was.
    fs.rmSync(shown.privateKey);
    assert.equal((await one.signal('reload')).code, 0);
    await until(() => /can't read private key .*shown\.key: No such file or directory/.test(one.logged()), 'the complaint');
    assert.match(one.logged(), /upstream-key\.conf:\d+/);
    assert.equal(await get(one.port), 'gateway /second');
  } finally {
    process.kill(pid, 'SIGKILL');
    upstream.close();
  }
});

test('user: a new log where only root may write fails the reload, which says what to do', {
  skip: !isRoot && 'only root can become another',
}, async () => {
  const one = await site('logs');
  const folder = path.join(directory, 'root-only');
  fs.mkdirSync(folder, { mode: 0o755 });
  one.configure('first', 'user www-data;');
  const text = fs.readFileSync(one.file, 'utf8');
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  try {
    for (const [other, complaint] of [
      [text.replace('access_log off', `access_log ${folder}/access.log`), /open\(\) ".*access\.log" failed \(13: Permission denied\)[^]*user www-data.*restart the gateway/],
      [text.replace(one.log, `${folder}/error.log`), /open\(\) ".*error\.log" failed \(13: Permission denied\)[^]*user www-data.*restart the gateway/],
    ]) {
      fs.writeFileSync(one.file, other.replace('first', 'second'));
      assert.equal((await one.signal('reload')).code, 0);
      await until(() => complaint.test(one.logged()), `the complaint ${complaint}`);
      assert.equal(await get(one.port), 'first');
    }
    // With its rights the same goes through.
    fs.chmodSync(folder, 0o777);
    assert.equal((await one.signal('reload')).code, 0);
    await until(async () => (await get(one.port)) === 'second', 'the reload');
    assert.ok(fs.existsSync(path.join(folder, 'error.log')));
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

test('a reload that is refused leaves the error log where it is, and says what takes a restart', async () => {
  const one = await site('kept-log');
  const start = isRoot ? 'user root;' : '';
  one.configure('first', start);
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  const logged = one.logged;
  try {
    const text = fs.readFileSync(one.file, 'utf8');
    const moved = text.replace(one.log, `${one.log}.moved`).replace('first', 'second');
    fs.writeFileSync(one.file, moved.replace('http {', `http { server { listen 127.0.0.1:${await freePort()} ssl; ssl_certificate ${directory}/none.pem; ssl_certificate_key ${directory}/none.key; }`));
    process.kill(pid, 'SIGHUP');
    await until(() => /reload refused/.test(logged()), 'the refusal in the log that stays');
    assert.equal(await get(one.port), 'first');
    fs.writeFileSync(one.file, moved.replace(one.pid, `${one.pid}.moved`).replace('events', 'worker_rlimit_nofile 333; events'));
    process.kill(pid, 'SIGHUP');
    await until(async () => (await get(one.port)) === 'second', 'the reload');
    await until(() => /reloaded/.test(fs.readFileSync(`${one.log}.moved`, 'utf8')), 'the log to move with a reload that is not refused');
    const all = logged() + fs.readFileSync(`${one.log}.moved`, 'utf8');
    for (const directive of ['pid', 'worker_rlimit_nofile']) assert.match(all, new RegExp(`\\[warn\\] .*"${directive}" is another one now: that takes a restart`));
    assert.equal(one.running(), pid);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

test('user: the pid file stays root\'s, sockets let everybody in but the admin\'s, through a hand-over, too', {
  skip: !isRoot && 'only root can become another',
}, async () => {
  const one = await site('owners');
  const [listener, admin] = [path.join(directory, 'owners.sock'), path.join(directory, 'owners-admin.sock')];
  one.configure('served', 'user www-data;');
  fs.writeFileSync(one.file, fs.readFileSync(one.file, 'utf8').replace('http {', `http { server { listen unix:${listener}; return 204; }`));
  const child = spawn(path.resolve(binary), ['run', '--nginx', one.file, '--admin', `unix:${admin}`], { stdio: 'ignore' });
  let pid = child.pid;
  const check = () => {
    assert.deepEqual([fs.statSync(one.pid).uid, fs.statSync(admin).uid], [0, 0], 'who can write there says whom a signal goes to');
    assert.equal(fs.statSync(listener).mode & 0o777, 0o666, 'as nginx');
    assert.equal(fs.statSync(admin).mode & 0o777, 0o600);
  };
  try {
    await until(() => fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', 'the process id');
    check();
    process.kill(pid, 'SIGUSR2');
    await until(() => ![0, child.pid].includes(one.running()), 'the process id of the second');
    pid = one.running();
    await until(() => !alive(child.pid), 'the end of the first');
    check();
    assert.equal(await get(one.port), 'served');
    assert.match((await run(path.resolve(binary), ['status', '--admin', `unix:${admin}`])).stdout, /tunnels/);
    process.kill(pid, 'SIGTERM');
    await until(() => !alive(pid), 'the end');
    assert.equal(fs.existsSync(one.pid) && fs.readFileSync(one.pid, 'utf8') !== '', false, 'no process id is left');
  } finally {
    for (const each of [child.pid, pid]) if (alive(each)) process.kill(each, 'SIGKILL');
  }
});

test('an address beside the wildcard of its port comes and goes with reloads, and outlives a hand-over', async () => {
  const one = await site('beside');
  const configure = (more) => {
    one.configure('wildcard');
    fs.writeFileSync(one.file, fs.readFileSync(one.file, 'utf8').replace(`listen 127.0.0.1:${one.port}`, `listen ${one.port}`).replace('http {', `http { ${more}`));
  };
  const beside = `server { listen 127.0.0.2:${one.port}; return 200 "beside"; }`;
  const at = (address) => get(one.port, '/', address);
  configure('');
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  let pid = one.running();
  try {
    assert.equal(await at('127.0.0.2'), 'wildcard');
    configure(beside);
    assert.equal((await one.signal('reload')).code, 0);
    await until(async () => (await at('127.0.0.2')) === 'beside', 'the reload');
    assert.equal(await at('127.0.0.1'), 'wildcard');
    process.kill(pid, 'SIGUSR2');
    await until(() => !alive(pid), 'the end of the first');
    await until(() => fs.existsSync(one.pid) && ![0, pid].includes(one.running()), 'the process id of the second');
    pid = one.running();
    assert.equal(await at('127.0.0.2'), 'beside');
    assert.equal(await at('127.0.0.1'), 'wildcard');
    configure('');
    assert.equal((await one.signal('reload')).code, 0);
    await until(async () => (await at('127.0.0.2')) === 'wildcard', 'the reload');
    assert.equal((await one.signal('quit')).code, 0);
    await until(() => !alive(pid), 'the end');
    assert.doesNotMatch(one.logged(), /\[(emerg|alert|error)\]/);
  } finally {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('user: no link at the place of a log gives a file away', {
  skip: !isRoot && 'only root can become another',
}, async () => {
  const one = await site('link');
  one.configure('served', 'user www-data;');
  const others = write('others.txt', '');
  fs.symlinkSync(others, one.log);
  const started = await run(ours, ['-c', one.file, '-e', errorLog]);
  assert.equal(started.code, 0, started.stderr);
  const pid = one.running();
  try {
    assert.equal(fs.statSync(others).uid, 0);
    process.kill(pid, 'SIGQUIT');
    await until(() => !alive(pid), 'the end');
  } finally {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  }
});
