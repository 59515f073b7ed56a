import { escapeHtml, formatDuration, formatTable, formatTime, quiet, whole } from './html.ts';
import type { DeviceReport, EmbeddedReport, EndpointReport, StatusReport } from './status-report.ts';

const REFRESH_SECONDS = 5;

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --busy: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .2rem 0; } small, .quiet { opacity: .7; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; } td { overflow-wrap: anywhere; } td:first-child { min-width: 9rem; }
.message { display: inline-block; min-width: 12rem; } .whole { white-space: nowrap; }
code { font: 13px/1.5 ui-monospace, monospace; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }`;

/** The operator's page: one look shows what is on the LAN and how it gets on with the ACS. */
export function formatStatusPage(report: StatusReport): string {
  const { version, uptimeSeconds, process } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>cwmp-proxier</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>cwmp-proxier</h1>
<p class="quiet">Version ${escapeHtml(version)}, up ${formatDuration(uptimeSeconds)}, ${Math.round(process.rssKiB / 1024)} MiB, ${process.sockets} sockets; this page renews itself every ${REFRESH_SECONDS} seconds. <a href="/api/status">JSON</a></p>
${[formatEndpoints(report), formatDevices(report), formatEmbedded(report), formatInventory(report)].filter((section) => section !== '').join('\n')}
</body>
</html>
`;
}

function formatEndpoints({ proxierEndpoint, endpoints }: StatusReport): string {
  const heads = ['CPE', 'Mechanism', 'Last Inform', 'Retries', 'Pending events', 'Connection Request URL'];
  const off =
    proxierEndpoint === 'on'
      ? ''
      : '\n<p>The proxier’s own endpoint: <strong>off</strong> <span class="quiet">(<code>proxier.endpoint: false</code>; no inventory, no embedded devices)</span></p>';
  const empty = 'No CPE is registered: no UPnP DM device was found yet.';
  return `<h2>CWMP endpoints (${endpoints.length})</h2>${off}
${formatTable(heads, endpoints.map(formatEndpoint), empty)}`;
}

function formatDevices({ devices }: StatusReport): string {
  const heads = [
    'Device',
    'Address',
    'State',
    'Identity',
    'Mechanism',
    'Subscription',
    'Last sync',
    'Services',
  ];
  return `<h2>UPnP DM devices (${devices.length})</h2>
${formatTable(heads, devices.map(formatDevice), 'No UPnP DM device is on the LAN.')}`;
}

function formatEmbedded({ proxierEndpoint, embedded }: StatusReport): string {
  if (proxierEndpoint === 'off') return '';
  const heads = ['Device', 'Identity', 'On the LAN', 'Commands', 'Pending', 'LastSyncTime', 'Rows'];
  return `<h2>Embedded devices (${embedded.length})</h2>
${formatTable(heads, embedded.map(formatEmbeddedDevice), 'No device is embedded in the proxier’s data model.')}`;
}

const INVENTORY_KINDS = [
  ['rootDevices', 'Root devices'],
  ['devices', 'Devices inside them'],
  ['services', 'Services'],
  ['hosts', 'Hosts'],
] as const;

/** Whole UPnP devices, also those that cannot be managed. */
function formatInventory({ inventory }: StatusReport): string {
  if (inventory === null) return '';
  const heads = ['Kind', 'On the LAN', 'Gone, but retained', 'Rows'];
  const rows = INVENTORY_KINDS.map(([kind, name]) => {
    const { total, gone } = inventory[kind];
    return [name, String(total - gone), gone === 0 ? quiet('0') : String(gone), String(total)];
  });
  return `<h2>Inventory of all UPnP devices</h2>
${formatTable(heads, rows, '')}`;
}

/** Cells are HTML. */
function formatEndpoint(endpoint: EndpointReport): string[] {
  return [
    `<code>${escapeHtml(formatIdentity(endpoint))}</code>`,
    endpoint.mechanism,
    `${endpoint.enableCwmp ? '' : '<span class="bad">switched off by the ACS</span><br>'}${formatInform(endpoint.lastInform)}`,
    endpoint.retryCount === 0 ? '0' : `<span class="bad">${endpoint.retryCount}</span>`,
    endpoint.pendingEvents.map(({ code }) => escapeHtml(code)).join('<br>') || quiet('none'),
    `<code>${escapeHtml(endpoint.connectionRequestUrl)}</code>`,
  ];
}

function formatIdentity({
  oui,
  productClass,
  serialNumber,
}: Pick<EndpointReport, 'oui' | 'productClass' | 'serialNumber'>): string {
  return [oui, productClass, serialNumber].filter((part) => part !== '').join('-');
}

/** The name of a device that is away is not always known. */
function formatName(friendlyName: string, udn: string | null): string {
  const lines = [
    friendlyName === '' ? [] : escapeHtml(friendlyName),
    udn === null ? [] : `<code>${escapeHtml(udn)}</code>`,
  ];
  return lines.flat().join('<br>');
}

function formatInform(inform: EndpointReport['lastInform']): string {
  if (inform === null) return quiet('never');
  const tone = inform.result === 'succeeded' ? 'good' : inform.result === 'failed' ? 'bad' : 'busy';
  const error =
    inform.error === undefined ? '' : `<br><small class="message">${escapeHtml(inform.error)}</small>`;
  return `<span class="${tone}">${escapeHtml(inform.result)}</span> ${formatTime(inform.time)}<br><small>${inform.events.map(escapeHtml).join(', ')}</small>${error}`;
}

function formatDevice(device: DeviceReport): string[] {
  const tone = { active: 'good', subscribing: 'busy', lost: 'bad', none: 'quiet' }[device.subscription];
  const note =
    device.note === null ? '' : `<br><small class="message bad">${escapeHtml(device.note)}</small>`;
  return [
    formatName(device.friendlyName, device.udn),
    whole(device.address),
    `${whole(device.state)}${note}`,
    device.identity === null
      ? quiet('unknown')
      : `<code>${escapeHtml(formatIdentity(device.identity))}</code>`,
    device.mechanism ?? quiet('not exposed'),
    `<span class="${tone}">${device.subscription}</span>`,
    device.lastSync === null ? quiet('never') : formatTime(device.lastSync),
    device.services.map((type) => whole(shortServiceType(type))).join('<br>'),
  ];
}

const PROCESSED_TONES: Readonly<Record<EmbeddedReport['commandProcessed'], string>> = {
  Pending: 'busy',
  Retrying: 'busy',
  Success: 'good',
  Error: 'bad',
};

function formatEmbeddedDevice(device: EmbeddedReport): string[] {
  const { commandProcessed, commandProcessingErrMsg: message, pendingCommands } = device;
  const error = message === '' ? '' : `<br><small class="message">${escapeHtml(message)}</small>`;
  return [
    formatName(device.friendlyName, device.udn),
    `<code>${escapeHtml(formatIdentity(device.identity))}</code>`,
    device.online ? '<span class="good">yes</span>' : '<span class="bad">no</span>',
    `<span class="${PROCESSED_TONES[commandProcessed]}">${commandProcessed}</span>${error}`,
    pendingCommands === 0 ? quiet('0') : `<span class="busy">${pendingCommands}</span>`,
    device.lastSyncTime === null ? quiet('not since the start') : formatTime(device.lastSyncTime),
    device.rows.map((path) => `<code>${whole(path)}</code>`).join('<br>'),
  ];
}

/** `urn:schemas-upnp-org:service:ConfigurationManagement:2` -> `ConfigurationManagement:2`. */
function shortServiceType(serviceType: string): string {
  return serviceType.split(':').slice(-2).join(':');
}
