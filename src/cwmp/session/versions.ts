import type { CwmpNamespace } from '../codec/messages.ts';

/** Newest first: what the Inform is sent in, and what it falls back to after fault 8006. */
export const NAMESPACES: readonly CwmpNamespace[] = [
  'urn:dslforum-org:cwmp-1-2',
  'urn:dslforum-org:cwmp-1-1',
  'urn:dslforum-org:cwmp-1-0',
];

export const NEWEST_NAMESPACE: CwmpNamespace = 'urn:dslforum-org:cwmp-1-2';

/** SupportedCWMPVersions for an Inform in `namespace`; the header is one of CWMP 1.4 and makes no sense in older ones. */
export function supportedVersionsFor(namespace: CwmpNamespace): readonly string[] | undefined {
  return namespace === NEWEST_NAMESPACE ? ['1.0', '1.1', '1.2', '1.3', '1.4'] : undefined;
}

/** The next older namespace after `refused`; starts over after the oldest. */
export function olderNamespace(refused: CwmpNamespace): CwmpNamespace {
  return NAMESPACES[NAMESPACES.indexOf(refused) + 1] ?? NEWEST_NAMESPACE;
}

/**
 * The namespace of the rest of the session: that of UseCWMPVersion, else that of the InformResponse; never newer than `offered`.
 */
export function namespaceAfterInform(
  offered: CwmpNamespace,
  answered: string | undefined,
  useCwmpVersion: string | undefined,
): CwmpNamespace {
  const minor =
    minorVersion(useCwmpVersion, /^1\.(\d+)$/) ?? minorVersion(answered, /^urn:dslforum-org:cwmp-1-(\d+)$/);
  if (minor === undefined) return offered;
  // 1.2, 1.3 and 1.4 share one namespace.
  const spoken =
    minor === 0 ? 'urn:dslforum-org:cwmp-1-0' : minor === 1 ? 'urn:dslforum-org:cwmp-1-1' : NEWEST_NAMESPACE;
  return NAMESPACES.indexOf(spoken) < NAMESPACES.indexOf(offered) ? offered : spoken;
}

function minorVersion(text: string | undefined, pattern: RegExp): number | undefined {
  const digits = text === undefined ? undefined : pattern.exec(text.trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}
