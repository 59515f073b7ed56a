import { fileURLToPath } from 'node:url';
import { cmsHandlers, type ActionHandlers, type Arguments } from '../../../../src/lab/device/cms-service.ts';
import { Configuration } from '../../../../src/lab/device/configuration.ts';
import { DeviceTree } from '../../../../src/lab/device/device-tree.ts';
import { loadProfile } from '../../../../src/lab/device/profile.ts';
import { UpnpError } from '../../../../src/lab/device/upnp-error.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

export const FIXTURE_PROFILE = fileURLToPath(new URL('../../../fixtures/lab/software.yaml', import.meta.url));

const C = 'xmlns:cms="urn:schemas-upnp-org:dm:cms"';

/** A list argument made of raw entries. */
export const listOf = (root: string, entries: string): string => `<cms:${root} ${C}>${entries}</cms:${root}>`;

export const contentPaths = (...paths: string[]): string =>
  listOf('ContentPathList', paths.map((path) => `<ContentPath>\n ${path} </ContentPath>`).join(''));

export const values = (...pairs: [string, string][]): string =>
  listOf(
    'ParameterValueList',
    pairs
      .map(
        ([path, value]) =>
          `<Parameter><ParameterPath>${path}</ParameterPath><Value>${value}</Value></Parameter>`,
      )
      .join(''),
  );

export const attributePaths = (...paths: string[]): string =>
  listOf(
    'NodeAttributePathList',
    paths.map((path) => `<NodeAttributePath>${path}</NodeAttributePath>`).join(''),
  );

/** Texts of all elements of a name. */
export const textsOf = (document: string, name: string): string[] =>
  [...document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => match[1] ?? '');

/** The actions of the fixture's CMS without any socket. */
export class FixtureCms {
  readonly clock = new ManualClock();
  readonly events: string[] = [];
  readonly configuration: Configuration;
  readonly #handlers: ActionHandlers;

  constructor() {
    const profile = loadProfile(FIXTURE_PROFILE);
    const tree = new DeviceTree(profile.root, { upTime: () => '0', currentTime: () => '' });
    this.configuration = new Configuration({
      tree,
      clock: this.clock,
      onEvent: (variable) => this.events.push(variable),
    });
    this.#handlers = cmsHandlers(this.configuration, profile.subTrees);
  }

  invoke(action: string, input: Arguments = {}): Arguments {
    const handler = this.#handlers.get(action);
    if (handler === undefined) throw new Error(`no handler for ${action}`);
    return handler(input);
  }

  /** Code of the error that an action answers, undefined when it succeeds. */
  codeOf(action: string, input: Arguments): number | undefined {
    try {
      this.invoke(action, input);
      return undefined;
    } catch (error) {
      if (error instanceof UpnpError) return error.code;
      throw error;
    }
  }

  value(path: string): string | undefined {
    return textsOf(
      this.invoke('GetValues', { Parameters: contentPaths(path) })['ParameterValueList'] ?? '',
      'Value',
    )[0];
  }
}
