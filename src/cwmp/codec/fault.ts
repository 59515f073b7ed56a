import type { Fault, SetParameterValuesFaultStruct } from './messages.ts';
import {
  faultString,
  mapped,
  optional,
  optionalText,
  optionalToken,
  repeated,
  struct,
  token,
  unsignedInt,
} from './shape.ts';
import type { Shape } from './shape.ts';

type CwmpFault = NonNullable<Fault['detail']>;

interface SoapFault {
  readonly faultcode: string;
  readonly faultstring: string;
  /** The schema has at most one; a list spares a second notion of "may be absent". */
  readonly detail: { readonly Fault: readonly CwmpFault[] };
}

const cwmpFault = struct<CwmpFault>({
  FaultCode: unsignedInt,
  FaultString: faultString,
  SetParameterValuesFault: repeated(
    struct<SetParameterValuesFaultStruct>({
      ParameterName: token,
      FaultCode: unsignedInt,
      FaultString: faultString,
    }),
  ),
});

/** `cwmp:Fault` is the one element inside a message that is qualified. */
const qualifiedCwmpFault: Shape<CwmpFault> = {
  ...cwmpFault,
  write: (name, value) => cwmpFault.write(`cwmp:${name}`, value),
};

const detail = struct<SoapFault['detail']>({ Fault: repeated(qualifiedCwmpFault) });

const soapFault = struct<SoapFault>({
  faultcode: optionalToken,
  faultstring: optionalText,
  detail: {
    ...optional(detail, { Fault: [] }),
    write: (name, value) => (value.Fault.length === 0 ? '' : detail.write(name, value)),
  },
});

/** Local part of the QName, without SOAP's dotted refinement: `soap:Client.Authentication` is `Client`. */
function faultCodeOf(qname: string): Fault['faultCode'] {
  const local = qname.slice(qname.indexOf(':') + 1).split('.')[0];
  switch (local) {
    case 'Client':
    case 'MustUnderstand':
    case 'VersionMismatch':
      return local;
    default:
      return 'Server';
  }
}

/** [TR-069 3.5] */
export const fault: Shape<Fault> = mapped<SoapFault, Fault>(
  soapFault,
  ({ faultcode, faultstring, detail: { Fault } }) => ({
    kind: 'Fault',
    faultCode: faultCodeOf(faultcode),
    faultString: faultstring,
    detail: Fault[0],
  }),
  (value) => ({
    faultcode: `soap-env:${value.faultCode}`,
    faultstring: value.faultString,
    detail: { Fault: value.detail === undefined ? [] : [value.detail] },
  }),
);
