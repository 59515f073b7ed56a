import type { DeviceReport, EndpointReport, StatusReport } from './status-report.ts';

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
th { font-weight: 600; white-space: nowrap; } td { overflow-wrap: anywhere; } .whole { white-space: nowrap; }
code { font: 13px/1.5 ui-monospace, monospace; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }`;

/** The operator's page: one look shows what is on the LAN and how it gets on with the ACS. */
export function formatStatusPage(report: StatusReport): string {
  const { version, uptimeSeconds, endpoints, devices } = report;
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
<p class="quiet">Version ${escapeHtml(version)}, up ${formatDuration(uptimeSeconds)}; this page renews itself every ${REFRESH_SECONDS} seconds. <a href="/api/status">JSON</a></p>
<h2>CWMP endpoints (${endpoints.length})</h2>
${formatTable(['CPE', 'Mechanism', 'Last Inform', 'Retries', 'Pending events', 'Connection Request URL'], endpoints.map(formatEndpoint), 'No CPE is registered: no UPnP DM device was found yet.')}
<h2>UPnP DM devices (${devices.length})</h2>
${formatTable(['Device', 'Address', 'State', 'Identity', 'Mechanism', 'Subscription', 'Last sync', 'Services'], devices.map(formatDevice), 'No UPnP DM device is on the LAN.')}
</body>
</html>
`;
}

function formatTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  whenEmpty: string,
): string {
  if (rows.length === 0) return `<p class="quiet">${whenEmpty}</p>`;
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></div>`;
}

/** Cells are HTML. */
function formatEndpoint(endpoint: EndpointReport): string[] {
  return [
    `<code>${escapeHtml(formatIdentity(endpoint))}</code>`,
    endpoint.mechanism,
    formatInform(endpoint.lastInform),
    endpoint.retryCount === 0 ? '0' : `<span class="bad">${endpoint.retryCount}</span>`,
    endpoint.pendingEvents.map(({ code }) => escapeHtml(code)).join('<br>') ||
      '<span class="quiet">none</span>',
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

function formatInform(inform: EndpointReport['lastInform']): string {
  if (inform === null) return '<span class="quiet">never</span>';
  const tone = inform.result === 'succeeded' ? 'good' : inform.result === 'failed' ? 'bad' : 'busy';
  const error = inform.error === undefined ? '' : `<br><small>${escapeHtml(inform.error)}</small>`;
  return `<span class="${tone}">${escapeHtml(inform.result)}</span> ${formatTime(inform.time)}<br><small>${inform.events.map(escapeHtml).join(', ')}</small>${error}`;
}

function formatDevice(device: DeviceReport): string[] {
  const tone = { active: 'good', subscribing: 'busy', lost: 'bad', none: 'quiet' }[device.subscription];
  const note = device.note === null ? '' : `<br><small class="bad">${escapeHtml(device.note)}</small>`;
  return [
    `${escapeHtml(device.friendlyName)}<br><code>${escapeHtml(device.udn)}</code>`,
    whole(device.address),
    `${escapeHtml(device.state)}${note}`,
    device.identity === null
      ? '<span class="quiet">unknown</span>'
      : `<code>${escapeHtml(formatIdentity(device.identity))}</code>`,
    device.mechanism,
    `<span class="${tone}">${device.subscription}</span>`,
    device.lastSync === null ? '<span class="quiet">never</span>' : formatTime(device.lastSync),
    device.services.map((type) => whole(shortServiceType(type))).join('<br>'),
  ];
}

/** Text that reads badly in pieces. */
function whole(text: string): string {
  return `<span class="whole">${escapeHtml(text)}</span>`;
}

/** `urn:schemas-upnp-org:service:ConfigurationManagement:2` -> `ConfigurationManagement:2`. */
function shortServiceType(serviceType: string): string {
  return serviceType.split(':').slice(-2).join(':');
}

function formatTime(time: string): string {
  return `<time datetime="${escapeHtml(time)}">${escapeHtml(time.replace('T', ' ').replace(/\.\d+/, ''))}</time>`;
}

function formatDuration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
