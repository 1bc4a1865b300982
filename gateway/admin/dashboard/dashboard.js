// The page as a whole: it asks once a second, and shows the answers.

const ASK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 5000;
const RETRY_LAST_MS = 10_000;
const TUNNELS_SHOWN = 20;

const series = new Series();
let latest = null;          // the last answer to /status
let latestAt = 0;           // when that came, by the calendar
let lost = null;            // where there is none: {since, why, again}, the page's clock
let pointed = null;         // the time that the reader points at
let asking = false;
let failures = 0;
let timer = 0;

const now = () => performance.now() / 1000;

const plots = [
  {
    id: 'plot-tunnels', title: 'Tunnels', unit: '', format: count, step: 1, filled: true,
    lines: [{ name: 'open', className: 'first', value: (sample) => sample.tunnels }],
  },
  {
    id: 'plot-opens', title: 'Opened and closed', unit: '/s', format: rate, step: 1000,
    lines: [
      { name: 'opened', className: 'first', value: (sample) => sample.opened },
      { name: 'closed', className: 'second', value: (sample) => sample.closed },
    ],
  },
  {
    id: 'plot-messages', title: 'Messages', unit: '/s', format: rate, step: 1000,
    lines: [
      { name: 'to upstream', className: 'first', value: (sample) => sample.messages_up },
      { name: 'to client', className: 'second', value: (sample) => sample.messages_down },
    ],
  },
  {
    id: 'plot-bytes', title: 'Traffic', unit: '/s', format: bytes, step: 1024,
    lines: [
      { name: 'to upstream', className: 'first', value: (sample) => sample.bytes_up },
      { name: 'to client', className: 'second', value: (sample) => sample.bytes_down },
    ],
  },
].map((plot) => new Plot(byId('plots'), plot, point));

function point(time) {
  pointed = time;
  drawPlots();
}

/** While nobody answers, time goes on and the lines end. */
function drawPlots() {
  const last = series.samples[series.samples.length - 1];
  const until = lost || !last ? now() : last.time;
  for (const plot of plots) plot.draw(series.samples, until, pointed);
}

// What is seen of /status.

function showHead(status) {
  show('version', status.version);
  show('uptime', span(status.uptime_seconds));
  show('process', String(status.pid));
  show('config', status.config || 'none: by the command line');
  byId('config').title = status.config ?? '';
  show('reload', reloads(status.reload));
}

function reloads({ succeeded, failed, last_succeeded: well, last_success_at: at }) {
  if (succeeded + failed === 0) return 'none yet';
  return well ? `${count(succeeded)}, last ${clock(at)}` : 'the last one failed';
}

function showFigures(status) {
  const per = (name) => series.totals.rate(name);
  const both = (name) => (known(per(`${name}_up`)) ? per(`${name}_up`) + per(`${name}_down`) : null);
  const ways = (name, format) => `${format(per(`${name}_up`))} up, ${format(per(`${name}_down`))} down`;
  const { limit } = status.tunnels;
  show('tunnels-active', count(status.tunnels.active));
  show('tunnels-more', limit ? `at most ${count(limit)}` : `${count(status.tunnels.opened)} opened in all`);
  show('opened-rate', `${rate(per('opened'))}/s`);
  show('opened-more', `${rate(per('closed'))}/s closed`);
  show('messages-rate', `${rate(both('messages'))}/s`);
  show('messages-more', ways('messages', rate));
  show('bytes-rate', `${bytes(both('bytes'))}/s`);
  show('bytes-more', ways('bytes', bytes));
  show('requests-rate', `${rate(per('requests'))}/s`);
  show('requests-more', `on ${plural(status.connections.active, 'connection', 'connections')}`);
  show('lag', wait(Math.max(...status.workers.map((worker) => worker.loop_lag_seconds))));
  show('lag-more', status.workers.length === 1 ? 'one worker' : `worst of ${status.workers.length} workers`);
}

function setState(state, text) {
  const pill = byId('state');
  pill.dataset.state = state;
  setText(pill, text);
  byId('main').classList.toggle('stale', state === 'gone');
  const tunnels = latest ? `${plural(latest.tunnels.active, 'tunnel', 'tunnels')} · ` : '';
  document.title = state === 'running' ? `${tunnels}Tidegate` : `${text} · Tidegate`;
}

// The line below the head: what needs attention, else that nothing does.

const REMARKS_SHOWN = 4;

/** [{level, text, where}]: `where` is the heading to read on at. */
function concerns(status, upstreams) {
  const found = [...certificateConcerns(status.certificates), ...upstreams.flatMap(upstreamConcerns)];
  if (!status.reload.last_succeeded && status.reload.failed > 0) {
    const text = 'The last reload failed: the configuration before it is in force.';
    found.push({ level: 'alarm', text, where: 'errors-title' });
  }
  for (const worker of status.workers.filter(lagLevel)) {
    const text = `Worker ${worker.index} lags by ${wait(worker.loop_lag_seconds)}.`;
    found.push({ level: 'warn', text, where: 'workers-title' });
  }
  const { active, limit } = status.tunnels;
  if (limit && active >= 0.9 * limit) {
    const text = `${count(active)} of at most ${count(limit)} tunnels are open.`;
    found.push({ level: 'warn', text, where: 'tunnels-title' });
  }
  const rank = ({ level }) => (level === 'alarm' ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}

function certificateConcerns(certificates) {
  return certificates.filter(certificateLevel).map((certificate) => {
    const days = Math.floor(certificate.days_left);
    const what = days < 0 ? 'has expired' : `ends in ${plural(days, 'day', 'days')}`;
    const text = `Certificate ${certificate.name} ${what}.`;
    return { level: certificateLevel(certificate), text, where: 'certificates-title' };
  });
}

function upstreamConcerns(upstream) {
  const down = upstream.servers.filter((server) => server.reachable === false);
  if (down.length === 0) return [];
  const all = down.length === upstream.servers.length;
  const some = down.length === 1 ? down[0].address : plural(down.length, 'server', 'servers');
  const text = all ? `No server of ${upstream.name} can be reached.` : `${upstream.name}: ${some} cannot be reached.`;
  return [{ level: all ? 'alarm' : 'warn', text, where: 'upstreams-title' }];
}

function notice(level, lines) {
  const box = byId('notice');
  box.dataset.level = level;
  const list = byId('notice-lines');
  while (list.children.length > lines.length) list.lastChild.remove();
  while (list.children.length < lines.length) element('li', '', list);
  lines.forEach(({ text, where, level: own }, index) => {
    const item = list.children[index];
    item.dataset.level = own ?? '';
    const kind = where ? 'A' : 'SPAN';
    if (item.firstElementChild?.tagName !== kind) item.replaceChildren(document.createElement(kind));
    if (where) item.firstElementChild.href = `#${where}`;
    setText(item.firstElementChild, text);
  });
}

function showNotice(status, upstreams) {
  byId('drain').hidden = !status.drain;
  if (status.drain) {
    byId('drain').value = status.drain.initial > 0 ? 1 - status.drain.remaining / status.drain.initial : 1;
    notice('warn', [{ text: drainWords(status) }]);
    return;
  }
  if (status.state === 'starting') {
    notice('quiet', [{ text: 'Starting: no connection is accepted yet.' }]);
    return;
  }
  const found = concerns(status, upstreams);
  const more = found.length - REMARKS_SHOWN;
  if (found.length === 0) notice('quiet', [{ text: 'Nothing needs attention.' }]);
  else if (more <= 0) notice(found[0].level, found);
  else notice(found[0].level, [...found.slice(0, REMARKS_SHOWN), { text: `and ${more} more` }]);
}

function drainWords({ drain, started_at: start, uptime_seconds: uptime }) {
  const now = Date.parse(start) / 1000 + uptime;   // the gateway's, not the browser's
  const left = Date.parse(drain.deadline_at) / 1000 - now;
  const cut = left > 0 ? `what is left is cut in ${span(left)}` : 'what is left is being cut';
  return `Draining: ${count(drain.remaining)} of ${count(drain.initial)} left; ${cut}.`;
}

function showLost() {
  setState('gone', 'gone');
  byId('drain').hidden = true;
  const wait = Math.max(0, Math.ceil(lost.again - now()));
  const last = latest ? ` Below is what was known at ${clock(latestAt)}.` : '';
  const ended = latest?.state === 'draining' ? ' It was draining: most likely it has ended.' : '';
  const again = asking || wait === 0 ? 'asking again' : `asking again in ${wait} s`;
  notice('alarm', [{ text: `${lost.why} for ${span(now() - lost.since)}; ${again}.${ended}${last}` }]);
  drawPlots();
}

// Asking.

class Refused extends Error {}

async function ask(path) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), ANSWER_WITHIN_MS);
  try {
    const answer = await fetch(path, { cache: 'no-store', signal: stop.signal });
    if (!answer.ok) throw new Refused(`The gateway has answered ${path} with ${answer.status}`);
    return await answer.json();
  } finally {
    clearTimeout(late);
  }
}

const orderOfTunnels = () => document.querySelector('input[name=order]:checked').value;

function take([status, routes, upstreams, tunnels]) {
  lost = null;
  failures = 0;
  latest = status;
  latestAt = Date.now();
  if (series.take(status, now())) {
    routeRates.clear();
    tunnelRates.clear();
  }
  const at = status.uptime_seconds;
  showHead(status);
  setState(status.state, status.state);
  showNotice(status, upstreams);
  showFigures(status);
  drawPlots();
  showRoutes(routes, at);
  showUpstreams(upstreams);
  showHandshakes(status.slowest_handshakes ?? []);
  showErrors(status.last_errors ?? []);
  certificatesTable.show(status.certificates, (certificate) => `${certificate.listener} ${certificate.name}`);
  showWorkers(status.workers);
  listenersTable.show(status.listeners, (listener) => listener.name);
  showTunnels(tunnels, at);
}

function questions() {
  return ['/status', '/routes', '/upstreams', `/tunnels?order=${orderOfTunnels()}&limit=${TUNNELS_SHOWN}`];
}

async function poll() {
  if (asking || document.hidden) return;
  clearTimeout(timer);
  asking = true;
  const began = now();
  let answers = null;
  try {
    answers = await Promise.all(questions().map(ask));
  } catch (error) {
    failures += 1;
    const why = error instanceof Refused ? error.message : 'The gateway has not answered';
    lost = { since: lost?.since ?? began, why, again: now() + retryMs() / 1000 };
  }
  asking = false;
  timer = setTimeout(poll, answers ? Math.max(0, ASK_EVERY_MS - 1000 * (now() - began)) : retryMs());
  if (answers) take(answers);
  else showLost();
}

const retryMs = () => Math.min(ASK_EVERY_MS * 2 ** (failures - 1), RETRY_LAST_MS);

document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else poll();
});
byId('order').addEventListener('change', poll);
setInterval(() => lost && !document.hidden && showLost(), 1000);
poll();
