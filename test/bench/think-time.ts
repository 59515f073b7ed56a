import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendConnectionRequest } from '../../src/lab/acs/connection-request.ts';
import { BenchAcs, type BenchRequest } from './bench-acs.ts';
import { MeasuredProcess } from './processes.ts';
import { unitEnvironment, unitFlags } from './unit-file.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
/** The proxier's own endpoint is there beside the devices. */
export const PROXIER_SERIAL = 'BENCH';
const CREDENTIALS = { username: 'bench', password: 'bench' };

/** Simulated devices of one process. */
export class BenchLab {
  readonly serials: readonly string[];
  readonly #process: MeasuredProcess;

  private constructor(process: MeasuredProcess, serials: readonly string[]) {
    this.#process = process;
    this.serials = serials;
  }

  static async start(profile: string, devices: number, parameters: number): Promise<BenchLab> {
    const lab = new MeasuredProcess(process.execPath, [
      MAIN,
      ...['lab', 'device', '--profile', profile, '--count', String(devices)],
      ...['--parameters', String(parameters)],
    ]);
    const started = JSON.parse(await lab.line()) as { devices: { serialNumber: string }[] };
    return new BenchLab(
      lab,
      started.devices.map(({ serialNumber }) => serialNumber),
    );
  }

  /** Runs one command of `lab device` and waits until it is done. @throws Error when it is refused */
  async command(line: string): Promise<void> {
    this.#process.tell(line);
    const reply = await this.#process.line();
    if (!reply.startsWith('ok')) throw new Error(`${line}: ${reply}`);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/** A daemon of its own process with simulated devices in others, and the bench's ACS here. */
export interface BenchHouse {
  readonly acs: BenchAcs;
  readonly acsUrl: string;
  readonly daemon: MeasuredProcess;
  readonly labs: readonly BenchLab[];
  readonly serials: readonly string[];
  /** Asks that device for a session. @throws Error when it refuses */
  call(serial: string): Promise<void>;
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

/**
 * A copy of the sensor's profile whose values stand still: what the daemon does is what the bench asks. Serial numbers count up
 * from one that no other bench on this host has.
 */
async function quietProfile(directory: string, lab: number): Promise<string> {
  for (const name of ['sensor.yaml', 'common-objects.yaml']) {
    const source = await readFile(new URL(`../../config/lab/${name}`, import.meta.url), 'utf8');
    const quiet = source
      .replace(/,?\s*drift: \{[^}]*\}/g, '')
      .replace(/serialNumber: RS\d+/, `serialNumber: BENCH${process.pid}L${lab}D000`);
    await mkdir(join(directory, `lab${lab}`), { recursive: true });
    await writeFile(join(directory, `lab${lab}`, name), quiet);
  }
  return join(directory, `lab${lab}`, 'sensor.yaml');
}

/**
 * Starts everything, `labCount` processes with `devices` each, and waits until each endpoint, the proxier included, has had its
 * first session.
 */
export async function openBenchHouse(devices: number, parameters: number, labCount = 1): Promise<BenchHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-bench-'));
  const acs = new BenchAcs();
  const acsUrl = await acs.start();
  const labs: BenchLab[] = [];
  for (let lab = 0; lab < labCount; lab += 1) {
    labs.push(await BenchLab.start(await quietProfile(directory, lab), devices, parameters));
  }
  const serials = labs.flatMap((lab) => lab.serials);
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
  const daemon = new MeasuredProcess(
    process.execPath,
    [...unitFlags, MAIN, 'run', '--config', config],
    unitEnvironment,
  );
  daemon.drain();
  while (acs.sessionCount < serials.length + 1) await acs.sessionEnded('*');
  const call = async (serial: string): Promise<void> => {
    const result = await sendConnectionRequest(acs.connectionRequestUrls.get(serial) ?? '', CREDENTIALS);
    if (!result.accepted) throw new Error(`connection request to ${serial}: ${result.text}`);
  };
  return {
    acs,
    acsUrl,
    daemon,
    labs,
    serials,
    call,
    session: async (serial, requests) => {
      acs.give(serial, requests);
      const ended = acs.sessionEnded(serial);
      await call(serial);
      await ended;
    },
    close: async () => {
      await daemon.stop();
      await Promise.all(labs.map((lab) => lab.stop()));
      acs.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
