/** Characters that XML 1.0 forbids even as a reference, and lone surrogates, which UTF-8 cannot carry [XML 1.0 2.2]. */
const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// Most values need nothing: one test is several times cheaper than a replace that finds nothing to do.
const PLAIN_TEXT = /^[^&<>\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]*$/;
const PLAIN_ATTRIBUTE = /^[^&<>"\u0000-\u001f\ud800-\udfff\ufffe\uffff]*$/;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function reference(character: string): string {
  return REFERENCES[character] ?? character;
}

/**
 * Text as element content: `& < >` and CR (which a reader would turn into LF) become references;
 * characters that XML 1.0 forbids become U+FFFD.
 */
export function escapeText(value: string): string {
  if (PLAIN_TEXT.test(value)) return value;
  return value.replace(FORBIDDEN, '\ufffd').replace(/[&<>\r]/g, reference);
}

/** Text for a double-quoted attribute value: as escapeText, and `"`, tab and newline become references too. */
export function escapeAttribute(value: string): string {
  if (PLAIN_ATTRIBUTE.test(value)) return value;
  return value.replace(FORBIDDEN, '\ufffd').replace(/[&<>"\t\n\r]/g, reference);
}
