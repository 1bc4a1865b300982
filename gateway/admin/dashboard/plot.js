// Plots of the last five minutes, in SVG. One time is pointed at in all of them: by the pointer, or by the arrow keys.

const PLOT_HEIGHT = 132;
const NARROW = 440;
const MARGIN = { left: 58, right: 10, top: 8, bottom: 20 };

function svg(name, attributes, parent) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function element(name, className, parent, text = '') {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent?.append(node);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The lowest end of an axis at or above `largest` whose half is a round number too. */
function ceiling(largest, step) {
  let unit = 1;
  while (step > 1 && largest / unit >= step) unit *= step;
  const value = Math.max(largest / unit, 2);
  const power = 10 ** Math.floor(Math.log10(value));
  const top = [1, 2, 4, 6, 8, 10].map((each) => each * power).find((each) => each >= value);
  return (step === 1024 && top > 800 ? step : top) * unit;
}

const pathOf = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`;

class Plot {
  /**
   * `lines`: [{name, value: (sample) => number, className}]; `format` writes a value, `step` is 1000 or 1024: where its
   * units change. `onPoint(time | null)` hears where the reader points.
   */
  constructor(parent, { id, title, unit, lines, format, step, filled = false }, onPoint) {
    Object.assign(this, { lines, format, unit, step, onPoint, samples: [], now: 0, pointed: null, width: 0 });
    const figure = element('figure', 'plot', parent);
    figure.id = id;
    const head = element('figcaption', '', figure);
    element('h2', '', head, title);
    this.when = element('span', 'when', head);
    const legend = element('span', 'legend', head);
    this.readouts = lines.map((line) => {
      const entry = element('span', `entry ${line.className}`, legend);
      element('i', '', entry);
      element('span', '', entry, line.name);
      return element('b', '', entry, DASH);
    });

    this.root = svg('svg', { tabindex: 0, role: 'slider', 'aria-label': `${title}, last five minutes` }, figure);
    const scale = { 'aria-valuemin': -KEPT_SECONDS, 'aria-valuemax': 0, height: PLOT_HEIGHT };
    for (const [key, value] of Object.entries(scale)) this.root.setAttribute(key, value);
    this.grid = [0, 0.5, 1].map(() => svg('line', { class: 'grid' }, this.root));
    const beside = { class: 'label', 'text-anchor': 'end', 'dominant-baseline': 'middle' };
    this.yLabels = this.grid.map(() => svg('text', beside, this.root));
    this.xLabels = [0, 1, 2, 3, 4, 5].map((minutes) => {
      const anchor = minutes === 0 ? 'end' : minutes === 5 ? 'start' : 'middle';
      const label = svg('text', { class: 'label', 'text-anchor': anchor, y: PLOT_HEIGHT - 5 }, this.root);
      label.textContent = minutes === 0 ? 'now' : `−${minutes} min`;
      return { label, minutes };
    });
    this.area = filled ? svg('path', { class: `area ${lines[0].className}` }, this.root) : null;
    this.paths = lines.map((line) => svg('path', { class: `line ${line.className}` }, this.root));
    this.cross = svg('line', { class: 'cross', y1: MARGIN.top, y2: PLOT_HEIGHT - MARGIN.bottom }, this.root);
    this.dots = lines.map((line) => svg('circle', { class: `dot ${line.className}`, r: 3 }, this.root));

    this.root.addEventListener('pointermove', (event) => this.onPoint(this.timeAt(event.offsetX)));
    this.root.addEventListener('pointerleave', () => this.onPoint(null));
    this.root.addEventListener('blur', () => this.onPoint(null));
    this.root.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.draw(this.samples, this.now, this.pointed)).observe(this.root);
  }

  x(time) {
    return MARGIN.left + (1 - (this.now - time) / KEPT_SECONDS) * (this.width - MARGIN.left - MARGIN.right);
  }

  y(value) {
    return MARGIN.top + (1 - value / this.top) * (PLOT_HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  timeAt(x) {
    return this.now - KEPT_SECONDS * (1 - (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right));
  }

  onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30, Home: -KEPT_SECONDS, End: KEPT_SECONDS };
    if (event.key === 'Escape') this.onPoint(null);
    if (!(event.key in steps)) return;
    event.preventDefault();
    const from = this.pointed ?? this.now;
    this.onPoint(Math.min(this.now, Math.max(this.now - KEPT_SECONDS, from + steps[event.key])));
  }

  /** The sample nearest to `time`, if there is one nearby. */
  nearest(time) {
    let best = null;
    for (const sample of this.samples) {
      if (!best || Math.abs(sample.time - time) < Math.abs(best.time - time)) best = sample;
    }
    return best && Math.abs(best.time - time) <= GAP_SECONDS ? best : null;
  }

  draw(samples, now, pointed) {
    Object.assign(this, { samples, now, pointed });
    this.width = this.root.clientWidth;
    if (this.width === 0) return;
    const values = samples.flatMap((sample) => this.lines.map((line) => line.value(sample) ?? 0));
    this.top = ceiling(Math.max(0, ...values), this.step);
    this.drawAxes();
    this.lines.forEach((line, index) => {
      const runs = this.runs(line);
      this.paths[index].setAttribute('d', runs.map(pathOf).join(''));
      if (this.area && index === 0) this.drawArea(runs);
    });
    this.drawPointed();
  }

  /** A line's points in unbroken runs. */
  runs(line) {
    const runs = [];
    let before = null;
    for (const sample of this.samples) {
      const value = line.value(sample);
      if (known(value) && sample.time >= this.now - KEPT_SECONDS) {
        if (!before || sample.gap || sample.time - before.time > GAP_SECONDS) runs.push([]);
        runs[runs.length - 1].push([this.x(sample.time), this.y(value)]);
        before = sample;
      } else {
        before = null;
      }
    }
    // A run of one point is drawn as a short stroke.
    return runs.map((run) => (run.length > 1 ? run : [[run[0][0] - 1, run[0][1]], run[0]]));
  }

  drawArea(runs) {
    const base = this.y(0);
    const closed = (run) => `${pathOf([[run[0][0], base], ...run, [run[run.length - 1][0], base]])}Z`;
    this.area.setAttribute('d', runs.map(closed).join(''));
  }

  drawAxes() {
    [0, this.top / 2, this.top].forEach((value, index) => {
      const y = Math.round(this.y(value)) + 0.5;
      const line = this.grid[index];
      line.setAttribute('x1', MARGIN.left);
      line.setAttribute('x2', this.width - MARGIN.right);
      line.setAttribute('y1', y);
      line.setAttribute('y2', y);
      this.yLabels[index].setAttribute('x', MARGIN.left - 8);
      this.yLabels[index].setAttribute('y', y);
      setText(this.yLabels[index], value === 0 ? '0' : this.axis(value));
    });
    for (const { label, minutes } of this.xLabels) {
      label.toggleAttribute('hidden', this.width < NARROW && minutes % 2 === 0 && minutes > 0);
      label.setAttribute('x', minutes === 0 ? this.width - MARGIN.right : this.x(this.now - minutes * 60));
    }
  }

  /** A value on the axis, which is round: 20 k rather than 20.0 k. */
  axis(value) {
    return this.format(value).replace(/\.0+(?=\D|$)/, '').replace(/(\.\d*?)0+(?=\D|$)/, '$1');
  }

  drawPointed() {
    const sample = this.pointed === null ? null : this.nearest(this.pointed);
    const shown = sample ?? (this.pointed === null ? this.samples[this.samples.length - 1] : null);
    this.lines.forEach((line, index) => {
      const value = shown ? line.value(shown) : null;
      setText(this.readouts[index], known(value) ? `${this.format(value)}${this.unit}` : DASH);
      const dot = this.dots[index];
      dot.toggleAttribute('hidden', !sample || !known(value));
      if (sample && known(value)) {
        dot.setAttribute('cx', this.x(sample.time));
        dot.setAttribute('cy', this.y(value));
      }
    });
    this.cross.toggleAttribute('hidden', this.pointed === null);
    const time = sample ? sample.time : this.pointed;
    if (time !== null) {
      const x = Math.round(Math.min(this.width - MARGIN.right, Math.max(MARGIN.left, this.x(time)))) + 0.5;
      this.cross.setAttribute('x1', x);
      this.cross.setAttribute('x2', x);
    }
    const ago = time === null ? 0 : Math.max(0, Math.round(this.now - time));
    setText(this.when, time === null ? '' : ago === 0 ? 'now' : `${span(ago)} ago`);
    this.root.setAttribute('aria-valuenow', -ago);
    const words = this.lines.map((line, index) => `${line.name} ${this.readouts[index].textContent}`);
    this.root.setAttribute('aria-valuetext', `${this.when.textContent || 'now'}: ${words.join(', ')}`);
  }
}
