// What was measured, for five minutes, and the rates that follow from it. A sample's `time` is this page's clock, in
// seconds; `at` the gateway's own, so that a rate does not depend on how long its answer was on the way.

const KEPT_SECONDS = 300;
const RATE_SECONDS = 5;
const GAP_SECONDS = 3.5;   // between two samples: nobody was looking, or nobody answered

/** Did a counter begin anew? */
const fell = (values, before) => Object.keys(values).some((name) => values[name] < before[name]);

/** Counters of one thing, by name, over the last seconds. */
class Counters {
  constructor() {
    this.seen = [];
  }

  take(at, values) {
    const last = this.seen[this.seen.length - 1];
    if (last && (at < last.at || at - last.at > GAP_SECONDS || fell(values, last.values))) this.seen = [];
    this.seen.push({ at, values });
    while (this.seen.length > 2 && at - this.seen[1].at >= RATE_SECONDS - 0.5) this.seen.shift();
  }

  /** Per second over what is kept; null until there are two. */
  rate(name) {
    const first = this.seen[0];
    const last = this.seen[this.seen.length - 1];
    if (!first || last.at <= first.at) return null;
    return (last.values[name] - first.values[name]) / (last.at - first.at);
  }
}

/** Counters of many, by key. Who is not told of any more is forgotten. */
class CountersByKey {
  constructor() {
    this.byKey = new Map();
  }

  take(at, entries) {
    const next = new Map();
    for (const [key, values] of entries) {
      const counters = this.byKey.get(key) ?? new Counters();
      counters.take(at, values);
      next.set(key, counters);
    }
    this.byKey = next;
  }

  rate(key, name) {
    return this.byKey.get(key)?.rate(name) ?? null;
  }

  clear() {
    this.byKey.clear();
  }
}

/** The gateway's own counters as samples for the plots. */
class Series {
  constructor() {
    this.samples = [];
    this.last = null;
    this.process = '';
    this.totals = new Counters();
  }

  /** Answers whether it is another process than before, whose counters began anew. */
  take(status, time) {
    const process = `${status.pid} ${status.started_at}`;
    const changed = this.process !== '' && process !== this.process;
    if (changed) {
      this.totals = new Counters();
      this.last = null;
    }
    this.process = process;

    const values = {
      opened: status.tunnels.opened,
      closed: status.tunnels.closed,
      messages_up: status.messages.to_upstream,
      messages_down: status.messages.to_client,
      bytes_up: status.bytes.to_upstream,
      bytes_down: status.bytes.to_client,
      requests: status.requests,
    };
    const at = status.uptime_seconds;
    this.totals.take(at, values);
    const sample = { time, at, values, tunnels: status.tunnels.active, gap: true };
    const seconds = this.last ? at - this.last.at : 0;
    if (seconds > 0 && seconds <= GAP_SECONDS && !fell(values, this.last.values)) {
      sample.gap = false;
      for (const [name, value] of Object.entries(values)) sample[name] = (value - this.last.values[name]) / seconds;
    }
    this.last = sample;
    this.samples.push(sample);
    while (this.samples[0].time < time - KEPT_SECONDS - GAP_SECONDS) this.samples.shift();
    return changed;
  }
}
