import type { LabAcs } from '../acs/lab-acs.ts';
import type { StoryStep } from './steps.ts';

const COLOURS = { green: 32, red: 31, cyan: 36, dim: 2, bold: 1 } as const;

/** Where the story is told; `isTTY` = in colour. */
export type NarratorOutput = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Tells people what happens, one line each, in colour on a terminal only. */
export class Narrator {
  readonly #output: NarratorOutput;
  readonly #names: ReadonlyMap<string, string>;
  readonly #nameWidth: number;

  /** @param names what to call a device, by its id at the ACS */
  constructor(output: NarratorOutput, names: ReadonlyMap<string, string>) {
    this.#output = output;
    this.#names = names;
    this.#nameWidth = Math.max(...[...names.values()].map((name) => name.length));
  }

  say(text: string): void {
    this.#output.write(`${text}\n`);
  }

  heading(text: string): void {
    this.say(`\n${this.#paint('bold', text)}`);
  }

  tell(deviceName: string, text: string): void {
    const time = this.#paint('dim', new Date().toTimeString().slice(0, 8));
    this.say(`${time}  ${this.#paint('cyan', deviceName.padEnd(this.#nameWidth))}  ${text}`);
  }

  step({ device, name, ok, evidence, durationMs }: StoryStep): void {
    const mark = ok ? this.#paint('green', '✓') : this.#paint('red', '✗');
    const duration = this.#paint('dim', `${Math.round(durationMs)} ms`.padStart(8));
    this.tell(device, `${mark} ${name.padEnd(23)}${duration}  ${evidence}`);
  }

  /** Tells of everything that the ACS hears from devices and asks of them. @returns a function that ends it */
  follow(acs: LabAcs): () => void {
    const stops = [
      acs.onEvent((event) => {
        if (event.kind !== 'inform') return;
        const { events, parameters } = event.inform;
        const codes = events.map((entry) => entry.code).join(', ');
        const isChange = codes.includes('4 VALUE CHANGE');
        const changes = parameters.filter(({ name }) => isChange && !isForced(name));
        const details = changes.map(({ name, value }) => `${name} = ${value}`).join(', ');
        this.tell(this.#nameOf(event.device.id), `Inform ${codes}${details === '' ? '' : `: ${details}`}`);
      }),
      acs.onEnvelope(({ direction, rpc, deviceId }) => {
        const isRequest = direction === 'toCpe' && rpc !== '' && !/Response$|^Fault$|^\?$/.test(rpc);
        if (isRequest) this.tell(this.#nameOf(deviceId), `ACS asks ${rpc}`);
        else if (direction === 'fromCpe' && rpc === 'Fault')
          this.tell(this.#nameOf(deviceId), 'answers Fault');
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }

  #paint(colour: keyof typeof COLOURS, text: string): string {
    return this.#output.isTTY ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  }
}

/** Parameters that are in every Inform say nothing new. */
function isForced(name: string): boolean {
  return /\.(RootDataModelVersion|DeviceSummary|DeviceInfo\.\w+|ManagementServer\.\w+)$/.test(name);
}
