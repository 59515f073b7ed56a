import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';

/**
 * What an ACS has heard from each CPE, and whether the CPE knows that: it does when it goes on with a session after the
 * InformResponse. An event may come again before that, not after it.
 */
export class Ledger {
  /** By CPE: events of an Inform of which it is not known yet that the CPE has its answer. */
  readonly #open = new Map<string, Set<string>>();
  readonly #heard = new Map<string, Set<string>>();
  readonly #delivered = new Map<string, Set<string>>();
  /** By CPE: command keys of ScheduleInform that were answered. */
  readonly #ordered = new Map<string, Set<string>>();
  readonly #values = new Map<string, Map<string, string>>();

  /** @param report what a CPE told twice */
  constructor(acs: LabAcs, report: (problem: string) => void) {
    acs.onEvent((event) => {
      if (event.kind !== 'inform') return;
      const { id } = event.device;
      const open = new Set<string>();
      for (const { code, commandKey } of event.inform.events) {
        const name = nameOf(code, commandKey);
        if (name === undefined) continue;
        if (setOf(this.#delivered, id).has(name)) report(`${id}: ${name} came again`);
        open.add(name);
        setOf(this.#heard, id).add(name);
      }
      this.#open.set(id, open);
      for (const { name, value } of event.inform.parameters) this.note(id, name, value);
    });
    acs.onEnvelope(({ direction, deviceId, rpc }) => {
      if (direction !== 'fromCpe' || rpc === 'Inform') return;
      for (const name of setOf(this.#open, deviceId)) setOf(this.#delivered, deviceId).add(name);
      this.#open.delete(deviceId);
    });
  }

  async scheduleInform(session: AcsSession, id: string, commandKey: string): Promise<void> {
    await session.scheduleInform(1, commandKey);
    setOf(this.#ordered, id).add(`M ScheduleInform ${commandKey}`);
  }

  /** Events that the CPE promised and never told. */
  owed(id: string): string[] {
    const heard = setOf(this.#heard, id);
    return [...setOf(this.#ordered, id)].filter((name) => !heard.has(name));
  }

  /** The ACS read a value. */
  note(id: string, name: string, value: string): void {
    const values = this.#values.get(id) ?? new Map<string, string>();
    this.#values.set(id, values.set(name, value));
  }

  /** The value of a parameter as the ACS knows it. */
  told(id: string, name: string): string | undefined {
    return this.#values.get(id)?.get(name);
  }
}

/** Events that are never discarded and happen once [TR-069 3.7.1.5]; others may come any number of times. */
function nameOf(code: string, commandKey: string): string | undefined {
  if (code === '0 BOOTSTRAP') return code;
  return code.startsWith('M ') ? `${code} ${commandKey}` : undefined;
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key);
  if (set === undefined) map.set(key, (set = new Set()));
  return set;
}
