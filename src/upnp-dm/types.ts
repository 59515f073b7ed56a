/** Attributes of one node as the device tells them [CMS:2 1.6.2]. Missing = not supported by the device. */
export interface NodeAttributes {
  /** As sent: may carry a range, e.g. `string(64)`, `unsignedInt[0:100]`. */
  readonly type?: string;
  readonly access?: 'readOnly' | 'readWrite';
  readonly version?: number;
  /** `unknown`: the device supports it, but this instance was not asked. */
  readonly eventOnChange?: boolean | 'unknown';
  readonly mimeType?: string;
  readonly alarmOnChange?: boolean;
}

/** A data model that the device supports [CMS:2 GetSupportedDataModels]. */
export interface SubTree {
  readonly uri: string;
  readonly location: string;
  readonly url?: string;
  readonly description?: string;
  readonly sourceLocation?: string;
}

/** `counter,timestamp[,document]` of an update variable. */
export interface UpdateVariable {
  readonly counter: number;
  readonly timestamp: string;
  /** Alarmed values (path -> value), when the third element is there. */
  readonly alarms?: ReadonlyMap<string, string>;
}

export type ChangeStatus = 'ChangesApplied' | 'ChangesCommitted';

/** Client of one device's ConfigurationManagement service (:1 and :2). Every call throws upnp ActionError. Paths are CMS paths. */
export interface CmsClient {
  /** Service version as announced: 1 or 2 (or newer). */
  readonly version: number;
  /** Action names of the SCPD; undefined when it could not be fetched. */
  readonly actions: ReadonlySet<string> | undefined;
  getSupportedDataModels(signal?: AbortSignal): Promise<readonly SubTree[]>;
  getSupportedParameters(
    startingNode: string,
    searchDepth: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  getInstances(startingNode: string, searchDepth: number, signal?: AbortSignal): Promise<readonly string[]>;
  getValues(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  getSelectedValues(
    startingNode: string,
    filter: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
  setValues(values: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ChangeStatus>;
  createInstance(
    table: string,
    initialValues: ReadonlyMap<string, string>,
    signal?: AbortSignal,
  ): Promise<{ readonly instancePath: string; readonly status: ChangeStatus }>;
  deleteInstance(instancePath: string, signal?: AbortSignal): Promise<ChangeStatus>;
  getAttributes(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, NodeAttributes>>;
  setAttributes(
    attributes: ReadonlyMap<string, { readonly eventOnChange?: boolean; readonly alarmOnChange?: boolean }>,
    signal?: AbortSignal,
  ): Promise<ChangeStatus>;
  getConfigurationUpdate(signal?: AbortSignal): Promise<UpdateVariable>;
  getCurrentConfigurationVersion(signal?: AbortSignal): Promise<number>;
  getSupportedDataModelsUpdate(signal?: AbortSignal): Promise<UpdateVariable>;
  getSupportedParametersUpdate(signal?: AbortSignal): Promise<UpdateVariable>;
  getAttributeValuesUpdate(signal?: AbortSignal): Promise<UpdateVariable>;
  getInconsistentStatus(signal?: AbortSignal): Promise<boolean>;
  getAlarmsEnabled(signal?: AbortSignal): Promise<boolean>;
  setAlarmsEnabled(enabled: boolean, signal?: AbortSignal): Promise<void>;
  /** Raw ACL entries. */
  getAclData(
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<
    readonly {
      readonly path: string;
      readonly list?: string;
      readonly read?: string;
      readonly write?: string;
    }[]
  >;
}
