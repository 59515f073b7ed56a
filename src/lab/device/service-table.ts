/** A state variable: its data type, whether it is evented and at most every how many milliseconds. */
interface Variable {
  readonly type: 'string' | 'ui4' | 'boolean';
  readonly eventEveryMs?: number;
  readonly allowed?: readonly string[];
}

interface Action {
  /** Argument name and related state variable, in wire order. */
  readonly in?: readonly (readonly [string, string])[];
  readonly out?: readonly (readonly [string, string])[];
}

/** A service by its type in the UPnP forum's name space. */
export interface ServiceName {
  readonly name: string;
  readonly version: number;
}

/** One service as the device implements it: what it serves as SCPD and what it checks requests against. */
export interface ServiceTable extends ServiceName {
  readonly name: 'ConfigurationManagement' | 'BasicManagement';
  readonly actions: Readonly<Record<string, Action>>;
  readonly variables: Readonly<Record<string, Variable>>;
}

const STRING = { type: 'string' } as const;

/** ConfigurationManagement:2 without the security feature [CMS:2 2.5]. */
export const CMS_TABLE: ServiceTable = {
  name: 'ConfigurationManagement',
  version: 2,
  actions: {
    GetSupportedDataModels: { out: [['SupportedDataModels', 'A_ARG_TYPE_SupportedDataModels']] },
    GetSupportedParameters: {
      in: [
        ['StartingNode', 'A_ARG_TYPE_StructurePath'],
        ['SearchDepth', 'A_ARG_TYPE_SearchDepth'],
      ],
      out: [['Result', 'A_ARG_TYPE_StructurePathList']],
    },
    GetInstances: {
      in: [
        ['StartingNode', 'A_ARG_TYPE_PartialPath'],
        ['SearchDepth', 'A_ARG_TYPE_SearchDepth'],
      ],
      out: [['Result', 'A_ARG_TYPE_InstancePathList']],
    },
    GetValues: {
      in: [['Parameters', 'A_ARG_TYPE_ContentPathList']],
      out: [['ParameterValueList', 'A_ARG_TYPE_ParameterValueList']],
    },
    GetSelectedValues: {
      in: [
        ['StartingNode', 'A_ARG_TYPE_StructurePath'],
        ['Filter', 'A_ARG_TYPE_Filter'],
      ],
      out: [['ParameterValueList', 'A_ARG_TYPE_ParameterValueList']],
    },
    SetValues: {
      in: [['ParameterValueList', 'A_ARG_TYPE_ParameterValueList']],
      out: [['Status', 'A_ARG_TYPE_ChangeStatus']],
    },
    CreateInstance: {
      in: [
        ['MultiInstanceName', 'A_ARG_TYPE_MultiInstancePath'],
        ['ChildrenInitialization', 'A_ARG_TYPE_ParameterInitialValueList'],
      ],
      out: [
        ['InstanceIdentifier', 'A_ARG_TYPE_InstancePath'],
        ['Status', 'A_ARG_TYPE_ChangeStatus'],
      ],
    },
    DeleteInstance: {
      in: [['InstanceIdentifier', 'A_ARG_TYPE_InstancePath']],
      out: [['Status', 'A_ARG_TYPE_ChangeStatus']],
    },
    GetAttributes: {
      in: [['Parameters', 'A_ARG_TYPE_NodeAttributePathList']],
      out: [['NodeAttributeValueList', 'A_ARG_TYPE_NodeAttributeValueList']],
    },
    SetAttributes: {
      in: [['NodeAttributeValueList', 'A_ARG_TYPE_NodeAttributeValueList']],
      out: [['Status', 'A_ARG_TYPE_ChangeStatus']],
    },
    GetInconsistentStatus: { out: [['StateVariableValue', 'InconsistentStatus']] },
    GetConfigurationUpdate: { out: [['StateVariableValue', 'ConfigurationUpdate']] },
    GetCurrentConfigurationVersion: { out: [['StateVariableValue', 'CurrentConfigurationVersion']] },
    GetSupportedDataModelsUpdate: { out: [['StateVariableValue', 'SupportedDataModelsUpdate']] },
    GetSupportedParametersUpdate: { out: [['StateVariableValue', 'SupportedParametersUpdate']] },
    GetAttributeValuesUpdate: { out: [['StateVariableValue', 'AttributeValuesUpdate']] },
    GetAlarmsEnabled: { out: [['StateVariableValue', 'AlarmsEnabled']] },
    SetAlarmsEnabled: { in: [['StateVariableValue', 'AlarmsEnabled']] },
  },
  variables: {
    ConfigurationUpdate: { type: 'string', eventEveryMs: 200 },
    CurrentConfigurationVersion: { type: 'ui4' },
    SupportedDataModelsUpdate: { type: 'string', eventEveryMs: 1000 },
    SupportedParametersUpdate: { type: 'string', eventEveryMs: 1000 },
    AttributeValuesUpdate: { type: 'string', eventEveryMs: 1000 },
    InconsistentStatus: { type: 'boolean', eventEveryMs: 1000 },
    AlarmsEnabled: { type: 'boolean', eventEveryMs: 1000 },
    A_ARG_TYPE_StructurePath: STRING,
    A_ARG_TYPE_StructurePathList: STRING,
    A_ARG_TYPE_PartialPath: STRING,
    A_ARG_TYPE_ParameterValueList: STRING,
    A_ARG_TYPE_NodeAttributeValueList: STRING,
    A_ARG_TYPE_ParameterInitialValueList: STRING,
    A_ARG_TYPE_Filter: STRING,
    A_ARG_TYPE_SupportedDataModels: STRING,
    A_ARG_TYPE_SearchDepth: { type: 'ui4' },
    A_ARG_TYPE_ChangeStatus: { type: 'string', allowed: ['ChangesCommitted', 'ChangesApplied'] },
    A_ARG_TYPE_InstancePathList: STRING,
    A_ARG_TYPE_ContentPathList: STRING,
    A_ARG_TYPE_MultiInstancePath: STRING,
    A_ARG_TYPE_InstancePath: STRING,
    A_ARG_TYPE_NodeAttributePathList: STRING,
  },
};

/** The required part of BasicManagement:2 and Reboot [BMS:2 2.5]. */
export const BMS_TABLE: ServiceTable = {
  name: 'BasicManagement',
  version: 2,
  actions: {
    Reboot: { out: [['RebootStatus', 'A_ARG_TYPE_RebootStatus']] },
    GetDeviceStatus: { out: [['DeviceStatus', 'DeviceStatus']] },
  },
  variables: {
    DeviceStatus: { type: 'string', eventEveryMs: 1000 },
    A_ARG_TYPE_RebootStatus: { type: 'string', allowed: ['RebootNow', 'RebootLater'] },
  },
};

export function serviceType({ name, version }: ServiceName): string {
  return `urn:schemas-upnp-org:service:${name}:${version}`;
}

function writeArguments(action: Action): string {
  const write = (direction: 'in' | 'out') => (argument: readonly [string, string]) =>
    `<argument><name>${argument[0]}</name><direction>${direction}</direction>` +
    `<relatedStateVariable>${argument[1]}</relatedStateVariable></argument>`;
  const all = [...(action.in ?? []).map(write('in')), ...(action.out ?? []).map(write('out'))];
  return all.length === 0 ? '' : `<argumentList>${all.join('')}</argumentList>`;
}

function writeVariable(name: string, variable: Variable): string {
  const allowed = (variable.allowed ?? []).map((value) => `<allowedValue>${value}</allowedValue>`).join('');
  return (
    `<stateVariable sendEvents="${variable.eventEveryMs === undefined ? 'no' : 'yes'}"><name>${name}</name>` +
    `<dataType>${variable.type}</dataType>` +
    `${allowed === '' ? '' : `<allowedValueList>${allowed}</allowedValueList>`}</stateVariable>`
  );
}

/** The service description [UDA 2.5]. */
export function writeScpd(table: ServiceTable): string {
  const actions = Object.entries(table.actions).map(
    ([name, action]) => `<action><name>${name}</name>${writeArguments(action)}</action>`,
  );
  const variables = Object.entries(table.variables).map(([name, variable]) => writeVariable(name, variable));
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n<scpd xmlns="urn:schemas-upnp-org:service-1-0">' +
    '<specVersion><major>1</major><minor>1</minor></specVersion>' +
    `<actionList>${actions.join('\n')}</actionList>\n<serviceStateTable>${variables.join('\n')}</serviceStateTable></scpd>\n`
  );
}
