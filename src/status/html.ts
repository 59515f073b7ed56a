/** A table, or a line that says why there is none. Heads, cells and that line are HTML. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  whenEmptyHtml: string,
): string {
  if (rows.length === 0) return `<p class="quiet">${whenEmptyHtml}</p>`;
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></div>`;
}

/** Something that is not there or not known. */
export function quiet(text: string): string {
  return `<span class="quiet">${escapeHtml(text)}</span>`;
}

/** Text that reads badly in pieces. */
export function whole(text: string): string {
  return `<span class="whole">${escapeHtml(text)}</span>`;
}

/** An ISO 8601 time. */
export function formatTime(time: string): string {
  return `<time datetime="${escapeHtml(time)}">${escapeHtml(time.replace('T', ' ').replace(/\.\d+/, ''))}</time>`;
}

/** The two largest units. */
export function formatDuration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, also within attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
