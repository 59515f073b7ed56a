import type { ValueType } from '../../datamodel/value.ts';
import { isLiteral } from '../../datamodel/value-codec.ts';
import { escapeText } from '../../platform/xml/escape.ts';
import type { XmlAttribute } from '../../platform/xml/xml-parser.ts';
import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { ParameterValueStruct } from './messages.ts';
import { InvalidArgument, array, optionalText, status, stringArray, text } from './shape.ts';
import type { ElementReader, Shape } from './shape.ts';
import { typeNameOf } from './xsi-type.ts';

const VALUE_TYPES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['string', 'string'],
  ['int', 'int'],
  ['unsignedInt', 'unsignedInt'],
  ['long', 'long'],
  ['unsignedLong', 'unsignedLong'],
  ['boolean', 'boolean'],
  ['dateTime', 'dateTime'],
  ['base64', 'base64'],
  ['base64Binary', 'base64'],
  ['hexBinary', 'hexBinary'],
]);

/** Written by hand and not as a struct: answers hold it 10 000 times. */
class ParameterValueReader implements ElementReader<ParameterValueStruct> {
  #name: string | undefined;
  #value: string | undefined;
  #type: ValueType | undefined;
  #current: 'Name' | 'Value' | undefined;

  child(local: string, attributes: readonly XmlAttribute[]): ElementReader<string> | undefined {
    if (local !== 'Name' && local !== 'Value') return undefined;
    this.#current = local;
    if (local === 'Value') this.#type = VALUE_TYPES.get(typeNameOf(attributes) ?? '');
    return text.read(local, attributes);
  }

  accept(_local: string, value: unknown): void {
    if (typeof value !== 'string') return;
    if (this.#current === 'Name') this.#name = value.trim();
    else this.#value = value;
  }

  text(): void {}

  end(): ParameterValueStruct {
    if (this.#name === undefined) throw new InvalidArgument('ParameterValueStruct has no Name');
    if (this.#value === undefined) throw new InvalidArgument('ParameterValueStruct has no Value');
    const isText = this.#type === undefined || this.#type === 'string';
    return { Name: this.#name, Value: isText ? this.#value : this.#value.trim(), Type: this.#type };
  }
}

const ITEM = 'ParameterValueStruct';
const BEGIN = `<${ITEM}><Name>`;
const END = `</Value></${ITEM}>`;
/**
 * What stands between name and value. CWMP's `base64` is spelled as XML Schema knows it; the prefix must be `xsd`: GenieACS compares
 * the text.
 */
const BETWEEN: ReadonlyMap<ValueType | undefined, string> = new Map(
  [undefined, ...VALUE_TYPES.values()].map((type) => [
    type,
    `</Name><Value xsi:type="xsd:${type === 'base64' ? 'base64Binary' : (type ?? 'string')}">`,
  ]),
);

const parameterValue: Shape<ParameterValueStruct> = {
  read: () => new ParameterValueReader(),
  // Of as few parts as can be: answers hold it 10 000 times, always as an item of its list.
  write: (_name, { Name, Value, Type }) =>
    BEGIN + escapeText(Name) + (BETWEEN.get(writtenType(Type, Value)) ?? '') + escapeText(Value) + END,
};

/** What a sloppy device gives instead of a number or a time is told as the text that it is: one bad value must not spoil the envelope. */
function writtenType(type: ValueType | undefined, value: string): ValueType | undefined {
  return type === undefined || isLiteral(type, value) ? type : 'string';
}

export const parameterValueList: Shape<readonly ParameterValueStruct[]> = array(
  parameterValue,
  ITEM,
  'cwmp:ParameterValueStruct',
);

/** [TR-069 A.3.2.1, A.3.2.2] */
export const parameterValues: MessageShapes<
  'SetParameterValues' | 'SetParameterValuesResponse' | 'GetParameterValues' | 'GetParameterValuesResponse'
> = {
  SetParameterValues: message('SetParameterValues', {
    ParameterList: parameterValueList,
    ParameterKey: optionalText,
  }),
  SetParameterValuesResponse: message('SetParameterValuesResponse', { Status: status }),
  GetParameterValues: message('GetParameterValues', { ParameterNames: stringArray }),
  GetParameterValuesResponse: message('GetParameterValuesResponse', { ParameterList: parameterValueList }),
};
