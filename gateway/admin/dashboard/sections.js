// What each section shows of the gateway's answers.

const byId = (id) => document.getElementById(id);
const show = (id, text) => setText(byId(id), text);

const WARN_DAYS = 21;
const ALARM_DAYS = 7;
const WARN_LAG_SECONDS = 0.1;
const LONGEST_TABLE = 200;
const PHASES = ['tls', 'connect', 'upstream', 'response'];

const routeRates = new CountersByKey();
const tunnelRates = new CountersByKey();

/** A server's address, without the scheme that most have. */
const nameOf = (address) => address.replace(/^http:\/\//, '');

/** The table's items, or its first ones. */
const bounded = (items) => items.slice(0, LONGEST_TABLE);

// Routes.

const routesTable = new Table('routes', [
  { label: 'Route', width: 8, text: (route) => route.name },
  { label: 'Host and path', width: 14, kind: 'code', text: (route) => `${hosts(route)} ${placeOf(route)}`.trim() },
  { label: 'To', width: 8, text: (route) => route.upstream ?? route.action },
  { label: 'Tunnels', width: 5, kind: 'number', text: (route) => count(route.tunnels?.active) },
  { label: 'Opened/s', width: 5, kind: 'number', text: (route) => routeRate(route, 'opened', rate) },
  { label: 'Requests/s', width: 6, kind: 'number', text: (route) => routeRate(route, 'requests', rate) },
  { label: 'Messages/s up', width: 7, kind: 'number', text: (route) => routeRate(route, 'messages_up', rate) },
  { label: 'down', width: 5, kind: 'number', text: (route) => routeRate(route, 'messages_down', rate) },
  { label: 'Bytes/s up', width: 6, kind: 'number', text: (route) => routeRate(route, 'bytes_up', bytes) },
  { label: 'down', width: 6, kind: 'number', text: (route) => routeRate(route, 'bytes_down', bytes) },
], 'No routes.');

const hosts = (route) => (route.hosts?.length ? route.hosts.join(', ') : '*');
const routeRate = (route, name, format) => format(routeRates.rate(route.key, name));

function placeOf(route) {
  const { prefix, exact, regex } = route.path ?? {};
  if (exact !== undefined) return `= ${exact}`;
  if (regex !== undefined) return `~ ${regex}`;
  return prefix ?? '';
}

function showRoutes(routes, at) {
  routes.forEach((route, index) => (route.key = `${index} ${route.name}`));
  routeRates.take(at, routes.map((route) => [route.key, {
    opened: route.tunnels.opened,
    requests: route.requests,
    messages_up: route.messages.to_upstream,
    messages_down: route.messages.to_client,
    bytes_up: route.bytes.to_upstream,
    bytes_down: route.bytes.to_client,
  }]));
  routesTable.show(bounded(routes), (route) => route.key);
  const cut = routes.length > LONGEST_TABLE;
  show('routes-title', cut ? `Routes, the first ${LONGEST_TABLE} of ${count(routes.length)}` : 'Routes');
}

// Upstreams: a row for each, then one for each of its servers.

const upstreamsTable = new Table('upstreams', [
  { label: 'Server', width: 18, kind: 'code', text: (row) => (row.server ? row.server.address : row.upstream.name) },
  { label: 'Ordered', width: 6, fill: (cell, row) => tag(cell, row.server ? orderOf(row.server) : '') },
  { label: 'Last connect', width: 8, fill: (cell, row) => tag(cell, row.server ? reachOf(row.server) : '') },
  { label: 'Weight', width: 6, kind: 'number', text: (row) => (row.server ? weightOf(row.server) : '') },
  { label: 'Tunnels', width: 6, kind: 'number', text: (row) => count(row.server ? row.server.tunnels : row.tunnels) },
  { label: '', width: 16, fill: (cell, row) => shareBar(cell, row) },
  { label: 'Skew', width: 5, kind: 'number', text: (row) => (row.server ? '' : row.skew?.toFixed(2) ?? DASH) },
], 'No upstreams.');

const orderOf = (server) => (server.state === 'up' ? ['quiet', server.backup ? 'backup' : 'up'] : ['warn', 'drained']);
const reachOf = (server) => (server.reachable === false ? ['alarm', 'unreachable'] : ['good', 'reachable']);

function weightOf(server) {
  const ordered = server.weight !== server.configured_weight;
  return ordered ? `${count(server.weight)}, file ${count(server.configured_weight)}` : count(server.weight);
}

function tag(cell, given) {
  const [node] = parts(cell, ['span', 'tag']);
  const [level, text] = given || ['', ''];
  node.dataset.level = level;
  setText(node, text);
}

/** A server's tunnels, and a mark at what its weight would give it. */
function shareBar(cell, row) {
  const [bar, mark] = parts(cell, ['span', 'bar'], ['span', 'mark-at']);
  cell.className = row.server ? 'share' : 'share none';
  if (!row.server) return;
  bar.style.width = percent(row.server.tunnels / row.scale);
  mark.style.left = percent(row.fair / row.scale);
  mark.hidden = row.fair === 0 || row.alone;
}

/** The servers that share an upstream's tunnels: neither drained nor kept in reserve. */
function sharing(upstream) {
  return upstream.servers.filter((server) => server.state === 'up' && !server.backup && server.weight > 0);
}

function upstreamRows(upstream) {
  const servers = sharing(upstream);
  const weights = servers.reduce((sum, server) => sum + server.weight, 0);
  const shared = servers.reduce((sum, server) => sum + server.tunnels, 0);
  const fair = (server) => (servers.includes(server) ? (shared * server.weight) / weights : 0);
  const scale = Math.max(1, ...upstream.servers.map((server) => Math.max(server.tunnels, fair(server))));
  const alone = servers.length < 2;
  const skew = alone || shared === 0 ? null : Math.max(...servers.map((server) => server.tunnels / fair(server)));
  const tunnels = upstream.servers.reduce((sum, server) => sum + server.tunnels, 0);
  const rows = upstream.servers.map((server) => ({ upstream, server, scale, fair: fair(server), alone }));
  return [{ upstream, tunnels, skew }, ...rows];
}

function showUpstreams(upstreams) {
  const rows = bounded(upstreams.flatMap(upstreamRows));
  const keyOf = (row) => `${row.upstream.name} ${row.server ? row.server.address : ''}`;
  upstreamsTable.show(rows, keyOf, (row) => (row.server ? 'server' : 'head'));
}

// Slowest handshakes, each a bar by phase, and the last errors.

const handshakesTable = new Table('handshakes', [
  { label: 'At', width: 6.5, kind: 'number first', text: (shake) => clock(shake.at) },
  { label: 'Route', width: 5.5, text: (shake) => shake.route },
  { label: 'Server', width: 10.25, kind: 'code', text: (shake) => nameOf(shake.server), title: (shake) => shake.server },
  { label: 'Took', width: 5.25, kind: 'number', text: (shake) => wait(shake.seconds.total) },
  { label: 'By phase', width: 7.75, fill: phaseBar },
  { label: 'Id', width: 9.75, kind: 'code', text: (shake) => shake.id },
], 'None yet.');

const phasesOf = (shake) => Object.keys(shake.seconds).filter((name) => name !== 'total');
const phaseClass = (name) => `phase phase-${PHASES.indexOf(name) + 1}`;
let slowest = 0;

function phaseBar(cell, shake) {
  const names = phasesOf(shake);
  if (cell.children.length !== names.length) cell.replaceChildren();
  const bars = parts(cell, ...names.map(() => ['span', '']));
  names.forEach((name, index) => {
    bars[index].className = phaseClass(name);
    bars[index].style.width = percent(shake.seconds[name] / slowest);
  });
  const words = names.map((name) => `${name} ${wait(shake.seconds[name])}`).join(', ');
  cell.className = 'phases';
  cell.title = words;
  cell.setAttribute('aria-label', words);
}

function showHandshakes(shakes) {
  slowest = Math.max(1e-6, ...shakes.map((shake) => shake.seconds.total));
  handshakesTable.show(shakes, (shake) => `${shake.id} ${shake.at}`);
  const names = [...new Set(shakes.flatMap(phasesOf))];
  const legend = byId('phases');
  if (legend.dataset.names === names.join()) return;
  legend.dataset.names = names.join();
  legend.replaceChildren();
  for (const name of names) {
    const entry = element('span', 'entry', legend);
    element('i', phaseClass(name), entry);
    element('span', '', entry, name);
  }
}

const errorsTable = new Table('errors', [
  { label: 'At', width: 6.5, kind: 'number first', text: (error) => clock(error.at) },
  { label: 'Level', width: 5.75, fill: (cell, error) => tag(cell, [levelOf(error), error.level]) },
  { label: 'Area', width: 6, text: (error) => error.area ?? '' },
  { label: 'What', width: 17, kind: 'wrapped', text: (error) => error.message },
  { label: 'Id', width: 9.75, kind: 'code', text: (error) => error.id ?? '' },
], 'None.');

const levelOf = (error) => (/^warn/.test(error.level) ? 'warn' : 'alarm');

function showErrors(errors) {
  const newestFirst = errors.map((error, index) => ({ ...error, index }))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.index - a.index);
  errorsTable.show(newestFirst, (error) => `${error.at} ${error.index} ${error.message}`);
}

// Certificates, workers, listeners.

const certificatesTable = new Table('certificates', [
  { label: 'Name', width: 8, text: (certificate) => certificate.name },
  { label: 'Listener', width: 5, text: (certificate) => certificate.listener },
  { label: 'Ends', width: 6.75, kind: 'number', text: (certificate) => certificate.not_after.slice(0, 10) },
  { label: 'Days left', width: 6, kind: 'number', fill: (cell, certificate) => tag(cell, daysOf(certificate)) },
], 'No listener speaks TLS.');

function certificateLevel({ days_left: days }) {
  if (days < ALARM_DAYS) return 'alarm';
  return days < WARN_DAYS ? 'warn' : '';
}

function daysOf(certificate) {
  const days = Math.floor(certificate.days_left);
  return [certificateLevel(certificate), days < 0 ? 'expired' : count(days)];
}

const workersTable = new Table('workers', [
  { label: 'Worker', width: 4, text: (worker) => String(worker.index) },
  { label: 'Tunnels', width: 5, kind: 'number', text: (worker) => count(worker.tunnels) },
  { label: '', width: 6, fill: workerBar },
  { label: 'Loop lag', width: 5.5, kind: 'number', fill: (cell, worker) => tag(cell, lagOf(worker)) },
], 'None yet.');

const lagLevel = (worker) => (worker.loop_lag_seconds >= WARN_LAG_SECONDS ? 'warn' : '');
const lagOf = (worker) => [lagLevel(worker), wait(worker.loop_lag_seconds)];
let fullestWorker = 1;

function workerBar(cell, worker) {
  const [bar] = parts(cell, ['span', 'bar']);
  cell.className = 'share';
  bar.style.width = percent(worker.tunnels / fullestWorker);
}

function showWorkers(workers) {
  fullestWorker = Math.max(1, ...workers.map((worker) => worker.tunnels));
  workersTable.show(workers, (worker) => worker.index);
}

const listenersTable = new Table('listeners', [
  { label: 'Name', width: 5, text: (listener) => listener.name },
  { label: 'Address', width: 8, kind: 'code', text: (listener) => listener.address },
  { label: 'TLS', width: 3, text: (listener) => (listener.tls ? 'yes' : 'no') },
  { label: 'Connections', width: 7, kind: 'number', text: (listener) => count(listener.connections_active) },
  { label: 'in all', width: 5, kind: 'number', text: (listener) => count(listener.connections_total) },
], 'None is open.');

// Tunnels.

const tunnelsTable = new Table('tunnels', [
  { label: 'Id', width: 10, kind: 'code', text: (tunnel) => tunnel.id },
  { label: 'Client', width: 8, kind: 'code', text: (tunnel) => tunnel.remote_addr },
  { label: 'Host and path', width: 15, kind: 'code', text: (tunnel) => `${tunnel.host}${tunnel.path}` },
  { label: 'Route', width: 6, text: (tunnel) => tunnel.route },
  { label: 'Server', width: 11, kind: 'code', text: (tunnel) => nameOf(tunnel.server), title: (tunnel) => tunnel.server },
  { label: 'Age', width: 6, kind: 'number', text: ageOf },
  { label: 'Idle', width: 6, kind: 'number', text: (tunnel) => span(tunnel.idle_seconds) },
  { label: 'Messages', width: 6, kind: 'number', text: (tunnel) => count(sum(tunnel.messages)) },
  { label: 'per s', width: 5, kind: 'number', text: (tunnel) => rate(tunnelRates.rate(tunnel.id, 'messages')) },
  { label: 'Bytes', width: 6, kind: 'number', text: (tunnel) => bytes(sum(tunnel.bytes)) },
  { label: 'per s', width: 6, kind: 'number', text: (tunnel) => bytes(tunnelRates.rate(tunnel.id, 'bytes')) },
], 'No tunnels are open.');

function ageOf(tunnel) {
  return tunnel.state === 'closing' ? 'closing' : span(tunnel.age_seconds);
}

const sum = (both) => both.to_upstream + both.to_client;

function showTunnels({ total, tunnels }, at) {
  const counters = (tunnel) => ({ messages: sum(tunnel.messages), bytes: sum(tunnel.bytes) });
  tunnelRates.take(at, tunnels.map((tunnel) => [tunnel.id, counters(tunnel)]));
  tunnelsTable.show(tunnels, (tunnel) => tunnel.id, (tunnel) => tunnel.state);
  show('tunnels-total', total > tunnels.length ? `the first ${tunnels.length} of ${count(total)}` : '');
}
