// Tables whose rows stay where they are while what is in them changes. All that peers had a hand in becomes text.

class Table {
  /**
   * `columns`: [{label, width (em), kind, text: (item) => string, title} or {…, fill: (cell, item) => void}]; `kind` is
   * a class: number, code, wrapped. `empty`: what is said where there is nothing.
   */
  constructor(id, columns, empty) {
    this.table = document.getElementById(id);
    this.columns = columns;
    this.rows = new Map();
    const sum = columns.reduce((total, column) => total + column.width, 0);
    this.table.style.minWidth = `${sum}em`;
    const group = element('colgroup', '', this.table);
    const head = element('tr', '', element('thead', '', this.table));
    for (const column of columns) {
      element('col', '', group).style.width = `${(100 * column.width) / sum}%`;
      const cell = element('th', column.kind ?? '', head, column.label);
      cell.scope = 'col';
    }
    this.body = element('tbody', '', this.table);
    this.emptyRow = element('tr', 'empty', this.body);
    this.emptyRow.hidden = true;   // until there was an answer
    const cell = element('td', '', this.emptyRow, empty);
    cell.colSpan = columns.length;
  }

  /** `keyOf(item)` tells rows apart; `classOf(item)` names a row's class. */
  show(items, keyOf, classOf = () => '') {
    const next = new Map();
    this.emptyRow.hidden = items.length > 0;
    let place = this.emptyRow;
    for (const item of items) {
      let key = keyOf(item);
      while (next.has(key)) key += ' again';
      const row = this.rows.get(key) ?? this.makeRow();
      next.set(key, row);
      this.rows.delete(key);
      row.className = classOf(item);
      this.columns.forEach((column, index) => this.fill(row.cells[index], column, item));
      if (place.nextSibling !== row) place.after(row);
      place = row;
    }
    for (const row of this.rows.values()) row.remove();
    this.rows = next;
  }

  makeRow() {
    const row = document.createElement('tr');
    for (const column of this.columns) element('td', column.kind ?? '', row);
    return row;
  }

  fill(cell, column, item) {
    if (column.fill) {
      column.fill(cell, item);
      return;
    }
    setText(cell, column.text(item));
    if (column.kind === 'number') return;
    const title = (column.title ?? column.text)(item);   // for what is cut off
    if (cell.title !== title) cell.title = title;
  }
}

/** A cell of several parts, made once: [[name, className]…]; answers them. */
function parts(cell, ...made) {
  if (cell.children.length === 0) for (const [name, className] of made) element(name, className, cell);
  return [...cell.children];
}

const percent = (share) => `${Math.min(100, Math.max(0, 100 * share)).toFixed(2)}%`;
