/** The actions of ConfigurationManagement:1 and :2 with their arguments in wire order [CMS:2 2.4]. */
export interface CmsAction {
  readonly in: readonly string[];
  readonly out: readonly string[];
  /** A device may leave it out. Such an action is not tried when the SCPD does not list it. */
  readonly optional: boolean;
}

const getter: CmsAction = { in: [], out: ['StateVariableValue'], optional: false };
const optionalGetter: CmsAction = { ...getter, optional: true };

export const CMS_ACTIONS = {
  GetSupportedDataModels: { in: [], out: ['SupportedDataModels'], optional: false },
  GetSupportedParameters: { in: ['StartingNode', 'SearchDepth'], out: ['Result'], optional: false },
  GetInstances: { in: ['StartingNode', 'SearchDepth'], out: ['Result'], optional: false },
  GetValues: { in: ['Parameters'], out: ['ParameterValueList'], optional: false },
  GetSelectedValues: { in: ['StartingNode', 'Filter'], out: ['ParameterValueList'], optional: true },
  SetValues: { in: ['ParameterValueList'], out: ['Status'], optional: true },
  CreateInstance: {
    in: ['MultiInstanceName', 'ChildrenInitialization'],
    out: ['InstanceIdentifier', 'Status'],
    optional: true,
  },
  DeleteInstance: { in: ['InstanceIdentifier'], out: ['Status'], optional: true },
  GetAttributes: { in: ['Parameters'], out: ['NodeAttributeValueList'], optional: false },
  SetAttributes: { in: ['NodeAttributeValueList'], out: ['Status'], optional: true },
  GetInconsistentStatus: optionalGetter,
  GetConfigurationUpdate: getter,
  GetCurrentConfigurationVersion: getter,
  GetSupportedDataModelsUpdate: getter,
  GetSupportedParametersUpdate: getter,
  GetAttributeValuesUpdate: optionalGetter,
  GetAlarmsEnabled: optionalGetter,
  SetAlarmsEnabled: { in: ['StateVariableValue'], out: [], optional: true },
  GetACLData: { in: ['StartingNodes'], out: ['ACL'], optional: true },
} as const satisfies Readonly<Record<string, CmsAction>>;

export type CmsActionName = keyof typeof CMS_ACTIONS;
