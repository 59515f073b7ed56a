/** The part of the page's script that shows and edits the data model; it uses what `PAGE_SCRIPT` declares. */
export const TREE_SCRIPT = String.raw`/* Data model */

function treeRoot() {
  const list = el('ul', { class: 'level' });
  fillLevel(list, '').then(() => {
    const first = list.querySelector('.toggle');
    if (first) first.click();
  });
  return list;
}

/** Loads the entries below a path into its list; faults appear in place. */
async function fillLevel(list, path) {
  const owner = selected;
  try {
    const level = await call('walk', { path });
    if (owner !== selected) return;
    const entries = level.entries.filter((entry) => entry.name !== path);
    const items = entries.map((entry) =>
      entry.name.endsWith('.') ? objectItem(entry, path) : parameterItem(entry, path));
    if (items.length === 0) items.push(el('li', { class: 'row empty' }, path === '' ? 'Nothing' : 'No entries'));
    list.replaceChildren(...items, ...level.faults.map((text) => faultLine(text)));
  } catch (error) {
    const again = el('button', { type: 'button', onclick: () => fillLevel(list, path) }, 'Try again');
    list.replaceChildren(el('li', {}, faultLine(error.message), again));
  }
}

const faultLine = (text) => el('p', { class: 'fault', role: 'alert' }, text);

/** Shows a fault under a row, in place of the last one there. */
function fault(item, text) {
  for (const old of item.querySelectorAll(':scope > .fault')) old.remove();
  if (text) item.querySelector('.row').after(faultLine(text));
}

function objectItem(entry, parent) {
  const name = entry.name.slice(parent.length, -1);
  const isRow = /^\d+$/.test(name) || /^\[.*\]$/.test(name);
  const list = el('ul', { class: 'level', hidden: true });
  const toggle = el('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false' },
    el('span', { class: 'name' }, name + '.'));
  const refill = async () => {
    toggle.setAttribute('aria-busy', 'true');
    await fillLevel(list, entry.name);
    toggle.removeAttribute('aria-busy');
  };
  toggle.addEventListener('click', async () => {
    const open = toggle.getAttribute('aria-expanded') !== 'true';
    toggle.setAttribute('aria-expanded', String(open));
    if (open) await refill();
    list.hidden = !open;
  });
  const actions = el('span', { class: 'actions' });
  const item = el('li', {}, el('div', { class: 'row' }, toggle, actions), list);
  const perform = (button, work) => async () => {
    button.disabled = true;
    fault(item, '');
    try {
      await work();
    } catch (error) {
      fault(item, error.message);
    }
    button.disabled = false;
  };
  if (entry.writable && !isRow) {
    const add = el('button', { type: 'button', 'aria-label': 'Add a row to ' + entry.name }, 'Add row');
    add.addEventListener('click', perform(add, async () => {
      const added = await call('add', { path: entry.name });
      toggle.setAttribute('aria-expanded', 'true');
      await refill();
      list.hidden = false;
      const fresh = list.querySelector('[data-object="' + entry.name + added.instanceNumber + '."]');
      if (fresh) fresh.classList.add('flash');
    }));
    actions.append(add);
  }
  if (entry.writable && isRow) {
    const remove = el('button', { type: 'button', class: 'danger', 'aria-label': 'Delete ' + entry.name }, 'Delete');
    remove.addEventListener('click', perform(remove, async () => {
      if (!window.confirm('Delete ' + entry.name + '?')) return;
      await call('delete', { path: entry.name });
      item.remove();
    }));
    actions.append(remove);
  }
  item.querySelector('.row').dataset.object = entry.name;
  return item;
}

function parameterItem(entry, parent) {
  const cell = el('span', { class: 'cell' });
  const item = el('li', {}, el('div', { class: 'row parameter' },
    el('span', { class: 'name' }, entry.name.slice(parent.length)), cell,
    el('span', { class: 'chip type', title: entry.writable ? 'writable' : 'read-only' },
      (entry.writable ? 'rw ' : 'ro ') + (entry.type || '?').replace('xsd:', '')),
    notificationSelect(entry, () => item)));
  const show = () => cell.replaceChildren(valueElement(entry, () => edit(entry, item, cell, show)));
  shown.set(entry.name, (value) => {
    entry.value = value;
    if (!cell.querySelector('form')) show();
    if (cell.firstChild) cell.firstChild.classList.add('flash');
  });
  show();
  return item;
}

function valueElement(entry, onEdit) {
  const blank = entry.value === undefined || entry.value === '';
  const text = entry.value === undefined ? 'not read' : blank ? 'empty' : entry.value;
  const kind = 'value' + (blank ? ' blank' : '');
  if (!entry.writable) return el('span', { class: kind }, text);
  return el('button', { type: 'button', class: kind, title: 'Change', 'aria-label': 'Change ' + entry.name + ', now ' + text,
    onclick: onEdit }, text);
}

function edit(entry, item, cell, done) {
  const isBoolean = entry.type === 'xsd:boolean';
  const now = isBoolean && /^(1|true)$/.test(entry.value) ? 'true' : isBoolean ? 'false' : entry.value || '';
  const field = isBoolean
    ? el('select', { 'aria-label': 'New value' }, el('option', {}, 'true'), el('option', {}, 'false'))
    : el('input', { 'aria-label': 'New value', autocomplete: 'off', spellcheck: 'false' });
  field.value = now;
  const save = el('button', { class: 'primary' }, 'Set');
  const close = () => {
    done();
    fault(item, '');
    const button = cell.querySelector('button');
    if (button) button.focus();
  };
  const form = el('form', { class: 'editor' }, field, save, el('button', { type: 'button', onclick: close }, 'Cancel'));
  form.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    save.disabled = true;
    fault(item, '');
    try {
      const answer = await call('set', { name: entry.name, value: field.value, type: entry.type || 'xsd:string' });
      const read = answer.parameters.find((parameter) => parameter.name === entry.name);
      if (read) entry.value = read.value;
      close();
      cell.firstChild.classList.add('flash');
    } catch (error) {
      fault(item, error.message);
      save.disabled = false;
    }
  });
  cell.replaceChildren(form);
  field.focus();
}

const NOTIFICATION = ['off', 'passive', 'active', 'passive lightweight', 'passive + lightweight', 'active lightweight',
  'active + lightweight'];

function notificationSelect(entry, item) {
  const field = el('select', { 'aria-label': 'Notification of ' + entry.name, title: 'Notification' },
    ...NOTIFICATION.slice(0, Math.max(3, (entry.notification || 0) + 1)).map((name, value) =>
      el('option', { value: String(value) }, 'notify: ' + name)));
  if (entry.notification === undefined) field.hidden = true;
  field.value = String(entry.notification || 0);
  let before = field.value;
  field.addEventListener('change', async () => {
    field.disabled = true;
    fault(item(), '');
    try {
      await call('notify', { name: entry.name, notification: field.value });
      before = field.value;
    } catch (error) {
      field.value = before;
      fault(item(), error.message);
    }
    field.disabled = false;
  });
  return field;
}

`;
