import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendConnectionRequest } from '../../src/lab/acs/connection-request.ts';
import { BenchAcs, type BenchRequest } from './bench-acs.ts';
import { MeasuredProcess } from './processes.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
/** As in systemd/cwmp-proxier.service. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--heap-growing-percent=20'];
/** The proxier's own endpoint is there beside the devices. */
export const PROXIER_SERIAL = 'BENCH';
const CREDENTIALS = { username: 'bench', password: 'bench' };

/** A daemon of its own process with simulated devices in another, and the bench's ACS here. */
export interface BenchHouse {
  readonly acs: BenchAcs;
  readonly acsUrl: string;
  readonly daemon: MeasuredProcess;
  readonly serials: readonly string[];
  /** Runs the requests in one session of that device. */
  session(serial: string, requests: readonly BenchRequest[]): Promise<void>;
  close(): Promise<void>;
}

export const rpc = {
  names: (path: string): string =>
    `<cwmp:GetParameterNames><ParameterPath>${path}</ParameterPath><NextLevel>0</NextLevel></cwmp:GetParameterNames>`,
  values: (...paths: string[]): string =>
    `<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[${paths.length}]">${paths
      .map((path) => `<string>${path}</string>`)
      .join('')}</ParameterNames></cwmp:GetParameterValues>`,
  set: (values: readonly (readonly [name: string, type: string, value: string])[]): string =>
    `<cwmp:SetParameterValues><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[${values.length}]">${values
      .map(
        ([name, type, value]) =>
          `<ParameterValueStruct><Name>${name}</Name><Value xsi:type="xsd:${type}">${value}</Value></ParameterValueStruct>`,
      )
      .join('')}</ParameterList><ParameterKey>k</ParameterKey></cwmp:SetParameterValues>`,
};

/** A copy of the sensor's profile whose values stand still: what the daemon does is what the bench asks. */
async function quietProfile(directory: string): Promise<string> {
  for (const name of ['sensor.yaml', 'common-objects.yaml']) {
    const source = await readFile(new URL(`../../config/lab/${name}`, import.meta.url), 'utf8');
    await writeFile(join(directory, name), source.replace(/,?\s*drift: \{[^}]*\}/g, ''));
  }
  return join(directory, 'sensor.yaml');
}

const NO_DEVICES = { lab: undefined, serials: [] };

async function startDevices(
  directory: string,
  devices: number,
  parameters: number,
): Promise<{ lab: MeasuredProcess; serials: readonly string[] }> {
  const lab = new MeasuredProcess(process.execPath, [
    MAIN,
    'lab',
    'device',
    '--profile',
    await quietProfile(directory),
    '--count',
    String(devices),
    '--parameters',
    String(parameters),
  ]);
  const { devices: started } = JSON.parse(await lab.line()) as { devices: { serialNumber: string }[] };
  lab.drain();
  return { lab, serials: started.map(({ serialNumber }) => serialNumber) };
}

/** Starts everything and waits until each endpoint, the proxier included, has had its first session. */
export async function openBenchHouse(devices: number, parameters: number): Promise<BenchHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-bench-'));
  const acs = new BenchAcs();
  const acsUrl = await acs.start();
  const { lab, serials } = devices === 0 ? NO_DEVICES : await startDevices(directory, devices, parameters);
  for (const serial of [...serials, PROXIER_SERIAL]) {
    acs.give(serial, [
      {
        label: 'credentials',
        rpc: rpc.set([
          ['Device.ManagementServer.ConnectionRequestUsername', 'string', CREDENTIALS.username],
          ['Device.ManagementServer.ConnectionRequestPassword', 'string', CREDENTIALS.password],
        ]),
      },
    ]);
  }
  const config = join(directory, 'config.yaml');
  await writeFile(
    config,
    [
      `acs: { url: '${acsUrl}' }`,
      `proxier: { manufacturerOui: "0011AA", serialNumber: ${PROXIER_SERIAL} }`,
      'lan: { interfaces: [lo] }',
      'connectionRequest: { host: 127.0.0.1, port: 0 }',
      'status: { host: 127.0.0.1, port: 0 }',
      `state: { directory: '${directory}/state' }`,
      // Other simulated devices may be on this loopback interface.
      'devices:',
      '  default: ignore',
      serials.length === 0 ? '  rules: []' : '  rules:',
      ...serials.map((serial) => `    - { match: { serialNumber: '${serial}' }, mechanism: virtual }`),
    ].join('\n'),
  );
  const daemon = new MeasuredProcess(process.execPath, [...NODE_FLAGS, MAIN, 'run', '--config', config]);
  daemon.drain();
  while (acs.sessionCount < devices + 1) await acs.sessionEnded('*');
  return {
    acs,
    acsUrl,
    daemon,
    serials,
    session: async (serial, requests) => {
      acs.give(serial, requests);
      const ended = acs.sessionEnded(serial);
      const result = await sendConnectionRequest(acs.connectionRequestUrls.get(serial) ?? '', CREDENTIALS);
      if (!result.accepted) throw new Error(`connection request to ${serial}: ${result.text}`);
      await ended;
    },
    close: async () => {
      await daemon.stop();
      await lab?.stop();
      acs.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
