import { expect } from 'chai';
import { escapeAttribute, escapeText } from '../../../../src/platform/xml/escape.ts';

describe('escape', () => {
  for (const [value, text, attribute] of [
    ['plain é 😀', 'plain é 😀', 'plain é 😀'],
    ['a<b>&"\'', 'a&lt;b&gt;&amp;"\'', "a&lt;b&gt;&amp;&quot;'"],
    ['\t\r\n', '\t&#13;\n', '&#9;&#13;&#10;'],
    [']]>', ']]&gt;', ']]&gt;'],
    ['\u0000\u001f\u007f\ufffe', '\ufffd\ufffd\u007f\ufffd', '\ufffd\ufffd\u007f\ufffd'],
    ['\ud83d a \ude00', '\ufffd a \ufffd', '\ufffd a \ufffd'],
    ['', '', ''],
  ] as const) {
    it(JSON.stringify(value), () => {
      expect(escapeText(value)).to.equal(text);
      expect(escapeAttribute(value)).to.equal(attribute);
    });
  }
});
