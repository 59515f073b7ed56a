import type { Clock, Timer } from '../../platform/clock.ts';
import type { Configuration } from './configuration.ts';
import type { LeafNode } from './device-tree.ts';
import type { DriftRule } from './schema.ts';
import { emptyValue } from './value-type.ts';

/** The value after `value` by a rule. */
export function driftedValue(rule: DriftRule, value: string): string {
  switch (rule.kind) {
    case 'walk': {
      const next = Number(value) + Math.round((Math.random() * 2 - 1) * rule.step);
      return String(Math.min(rule.maximum, Math.max(rule.minimum, next)));
    }
    case 'count':
      return String(Number(value) + rule.step);
    case 'cycle':
      return rule.values[(rule.values.indexOf(value) + 1) % rule.values.length] ?? value;
  }
}

/** Changes the values of a device by themselves, as their `drift` rules say. */
export class Drift {
  readonly #configuration: Configuration;
  readonly #clock: Clock;
  #timers: Timer[] = [];

  constructor(configuration: Configuration, clock: Clock) {
    this.#configuration = configuration;
    this.#clock = clock;
  }

  /** One timer for each interval; rows created later drift too. */
  start(): void {
    const { tree } = this.#configuration;
    const intervals = new Set<number>();
    for (const leaf of tree.leaves(tree.root)) {
      if (leaf.schema.drift !== undefined) intervals.add(leaf.schema.drift.everySeconds);
    }
    for (const seconds of intervals) this.#arm(seconds, this.#timers.length);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #arm(seconds: number, slot: number): void {
    this.#timers[slot] = this.#clock.schedule(seconds * 1000, () => {
      this.#step(seconds);
      this.#arm(seconds, slot);
    });
  }

  #step(seconds: number): void {
    const { tree } = this.#configuration;
    const changes = new Map<LeafNode, string>();
    for (const leaf of tree.leaves(tree.root)) {
      const rule = leaf.schema.drift;
      if (rule?.everySeconds !== seconds) continue;
      const next = driftedValue(rule, leaf.value);
      const { maximum } = leaf.schema.type;
      // Counters begin again where their type ends.
      const wraps = maximum !== undefined && BigInt(next) > maximum;
      changes.set(leaf, wraps ? emptyValue(leaf.schema.type) : next);
    }
    this.#configuration.apply(changes);
  }
}
