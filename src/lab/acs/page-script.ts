import { TREE_SCRIPT } from './page-script-tree.ts';

/** Runs in the browser: plain JavaScript without a template literal, so that it can live in one here. */
export const PAGE_SCRIPT = String.raw`'use strict';
const byId = (id) => document.getElementById(id);
const devices = new Map();
let selected = '';
let tab = 'tree';
/** Values on show, by parameter name. */
const shown = new Map();

function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (typeof value === 'boolean') element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

class CallError extends Error {}

async function call(action, input) {
  const url = '/api/devices/' + encodeURIComponent(selected) + '/' + action;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input || {}),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  const lines = ((answer.fault && answer.fault.parameters) || []).map((f) => f.name + ': ' + f.code + ' ' + f.text);
  throw new CallError([(answer.fault ? 'Fault ' : '') + answer.error, ...lines].join('\n'));
}

async function load(path) {
  const response = await fetch(path);
  return response.json();
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
const eventChips = (codes) => codes.map((code) => el('span', { class: 'chip event' }, code));
const nameOf = (device) => device.modelName || device.productClass || device.serialNumber;

/* Devices */

function showDevices() {
  const list = [...devices.values()].sort((a, b) => a.id.localeCompare(b.id));
  byId('device-count').textContent = list.length ? String(list.length) : '';
  byId('no-devices').hidden = list.length > 0;
  const focused = document.activeElement && document.activeElement.dataset.device;
  byId('devices').replaceChildren(...list.map((device) => el('li', {}, deviceCard(device))));
  if (focused) {
    const card = document.querySelector('[data-device="' + CSS.escape(focused) + '"]');
    if (card) card.focus();
  }
  if (selected) showHead();
}

const stateOf = (device) => (device.isInSession ? 'in session' : device.isOnline ? 'online' : 'offline');

function deviceCard(device) {
  return el(
    'button',
    {
      type: 'button', class: 'device-card', 'data-device': device.id,
      'aria-current': String(device.id === selected), onclick: () => {
        select(device.id);
        if (window.matchMedia('(max-width: 720px)').matches) byId('main').scrollIntoView();
      },
    },
    el('span', { class: 'dot ' + (device.isOnline ? 'on' : 'off'), 'aria-hidden': 'true' }),
    el('strong', {}, nameOf(device)),
    el('small', {}, device.manufacturer + ' · ' + stateOf(device)),
    el('small', { class: 'mono' }, device.id),
    el('small', {}, clock(device.lastInform) + ' · ' + device.lastEvents.join(', ')),
  );
}

function showHead() {
  const device = devices.get(selected);
  if (!device) return;
  byId('no-selection').hidden = true;
  byId('device').hidden = false;
  byId('device-title').textContent = nameOf(device);
  byId('device-identity').textContent = device.id;
  const facts = [
    ['Manufacturer', device.manufacturer], ['OUI', device.oui], ['Product class', device.productClass],
    ['Serial number', device.serialNumber], ['Software', device.softwareVersion], ['State', stateOf(device)],
    ['Last Inform', clock(device.lastInform)],
  ].filter(([, value]) => value);
  byId('device-facts').replaceChildren(
    ...facts.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))),
  );
}

function select(id) {
  selected = id;
  location.hash = encodeURIComponent(id);
  shown.clear();
  byId('ping-result').textContent = '';
  showDevices();
  byId('panel-tree').replaceChildren(treeRoot());
  showTab(tab);
}

${TREE_SCRIPT}/* Informs and envelopes */

async function showInforms() {
  const owner = selected;
  const informs = await load('/api/devices/' + encodeURIComponent(owner) + '/informs');
  if (owner !== selected) return;
  keepingOpen('panel-informs', informs.reverse().map((inform) =>
    el('details', { 'data-key': String(inform.sequence) },
      el('summary', {}, el('time', {}, clock(inform.time)),
        el('span', {}, ...eventChips(inform.events.map(eventText))),
        el('span', { class: 'soft size' }, inform.parameters.length + ' parameters' +
          (inform.retryCount ? ' · retry ' + inform.retryCount : ''))),
      el('table', {}, el('tbody', {}, ...inform.parameters.map((parameter) =>
        el('tr', {}, el('td', {}, parameter.name), el('td', {}, parameter.value))))))));
}

const eventText = (event) => event.code + (event.commandKey ? ' [' + event.commandKey + ']' : '');

async function showEnvelopes() {
  const owner = selected;
  const entries = await load('/api/devices/' + encodeURIComponent(owner) + '/envelopes');
  if (owner !== selected) return;
  keepingOpen('panel-envelopes', entries.reverse().map((entry) =>
    el('details', { 'data-key': String(entry.sequence) },
      el('summary', {}, el('time', {}, clock(entry.time)),
        el('span', { class: 'chip' }, entry.direction === 'fromCpe' ? 'CPE → ACS' : 'ACS → CPE'),
        el('strong', {}, entry.rpc || (entry.direction === 'fromCpe' ? 'empty POST' : 'end of session')),
        el('span', { class: 'soft size' }, (entry.status ? 'HTTP ' + entry.status + ' · ' : '') + entry.body.length + ' B')),
      el('pre', { tabindex: '0' }, indent(entry.body) || 'no body'))));
}

/** New content for a panel; what was open stays open. */
function keepingOpen(id, items) {
  const panel = byId(id);
  const open = new Set([...panel.querySelectorAll('details[open]')].map((item) => item.dataset.key));
  for (const item of items) item.open = open.has(item.dataset.key);
  panel.replaceChildren(...(items.length ? items : [el('p', { class: 'empty' }, 'Nothing yet')]));
}

/** One element a line, two spaces a level. */
function indent(xml) {
  let depth = 0;
  return xml.replace(/>\s*</g, '>\n<').replace(/(<([\w:-]+)[^<>]*>)\n(<\/\2>)/g, '$1$3').split('\n').map((line) => {
    if (/^<\//.test(line)) depth -= 1;
    const text = '  '.repeat(Math.max(0, depth)) + line;
    if (/^<[^!?/][^]*[^/]>$/.test(line) && !/<\/[^>]+>$/.test(line)) depth += 1;
    return text;
  }).join('\n');
}

function showTab(name) {
  tab = name;
  for (const key of ['tree', 'informs', 'envelopes']) {
    const button = byId('tab-' + key);
    button.setAttribute('aria-selected', String(key === name));
    button.tabIndex = key === name ? 0 : -1;
    byId('panel-' + key).hidden = key !== name;
  }
  if (name === 'informs') showInforms();
  if (name === 'envelopes') showEnvelopes();
}

const tabs = [...document.querySelectorAll('[role=tab]')];
for (const [index, button] of tabs.entries()) {
  button.addEventListener('click', () => showTab(button.id.slice(4)));
  button.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = tabs[(index + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
}

byId('ping').addEventListener('click', async () => {
  byId('ping').disabled = true;
  const notice = byId('ping-result');
  try {
    const result = await call('connection-request');
    notice.className = 'notice' + (result.accepted ? '' : ' bad');
    notice.textContent = 'Connection request: ' + (result.status ? 'HTTP ' + result.status + ', ' : '') + result.text;
  } catch (error) {
    notice.className = 'notice bad';
    notice.textContent = error.message;
  }
  byId('ping').disabled = false;
});

/* Live */

const FORCED = /\.(DeviceInfo\.(HardwareVersion|SoftwareVersion|ProvisioningCode)|ManagementServer\.\w+|RootDataModelVersion|DeviceSummary|DeviceInfo\.SpecVersion)$/;

function showInform(device, inform) {
  byId('no-feed').hidden = true;
  const isChange = inform.events.some((event) => event.code === '4 VALUE CHANGE');
  const changes = isChange ? inform.parameters.filter((parameter) => !FORCED.test('.' + parameter.name)) : [];
  byId('feed').prepend(el('li', { class: 'flash' },
    el('div', {}, ...eventChips(inform.events.map(eventText))),
    el('small', {}, clock(inform.time) + ' · ' + nameOf(device) + ' · ' + device.serialNumber),
    ...changes.map((parameter) => el('p', { class: 'changes' }, parameter.name + ' = ' + parameter.value))));
  while (byId('feed').children.length > 60) byId('feed').lastChild.remove();
  if (device.id !== selected) return;
  for (const parameter of inform.parameters) {
    const update = isChange && shown.get(parameter.name);
    if (update) update(parameter.value);
  }
}

let refreshing = 0;
function refreshTab() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => {
    if (tab === 'informs') showInforms();
    if (tab === 'envelopes') showEnvelopes();
  }, 200);
}

async function loadDevices() {
  const answer = await load('/api/devices');
  byId('acs-url').textContent = answer.acsUrl;
  devices.clear();
  for (const device of answer.devices) devices.set(device.id, device);
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!selected && devices.has(wanted)) select(wanted);
  else showDevices();
}

function watch() {
  const source = new EventSource('/api/events');
  const live = (text, on) => {
    byId('live').textContent = text;
    byId('live').classList.toggle('on', on);
  };
  source.onopen = () => { live('live', true); loadDevices(); };
  source.onerror = () => live('not connected, trying again', false);
  for (const kind of ['inform', 'sessionEnded', 'reachability']) {
    source.addEventListener(kind, (message) => {
      const { device, inform } = JSON.parse(message.data);
      if (device.lastInform === 0) return;
      devices.set(device.id, device);
      showDevices();
      if (inform) showInform(device, inform);
      if (inform && device.id === selected) refreshTab();
    });
  }
  source.addEventListener('envelope', (message) => {
    if (tab === 'envelopes' && JSON.parse(message.data).deviceId === selected) refreshTab();
  });
}

watch();
`;
