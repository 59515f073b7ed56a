export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --line: #dde3ea; --text: #17202a; --soft: #5a6878;
  --accent: #0b62c4; --accent-soft: #e4effb; --good: #13794a; --bad: #b3261e; --bad-soft: #fdecea;
  --flash: #fff2b8; --chip: #eef1f5;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151b; --card: #182029; --line: #2b3744; --text: #e4eaf0; --soft: #97a6b6;
    --accent: #75b3f7; --accent-soft: #1c3147; --good: #5fcf95; --bad: #ff8f86; --bad-soft: #3a1f1e;
    --flash: #574a12; --chip: #25303c;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
h1, h2, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2 { font-size: 15px; }
code, .mono { font-family: var(--mono); font-size: 13px; }
button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 11px; }
button:hover:not(:disabled) { border-color: var(--accent); }
button:disabled { opacity: .55; cursor: progress; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--card); }
button.danger { color: var(--bad); }
input, select { background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 8px; min-width: 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 8px; background: var(--card); padding: 4px 10px; z-index: 2; }
.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; padding: 14px 22px; background: var(--card);
  border-bottom: 1px solid var(--line); }
.top h1 { font-size: 19px; letter-spacing: -.01em; }
.address { color: var(--soft); flex: 1 1 auto; overflow-wrap: anywhere; }
.address code { color: var(--text); }
.live { color: var(--soft); font-size: 13px; }
.live::before, .dot { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--soft);
  margin-right: 7px; }
.live.on::before, .dot.on { background: var(--good); }
.dot.off { background: var(--bad); }
.layout { display: grid; grid-template-columns: 250px minmax(0, 1fr) 270px; gap: 16px; padding: 16px 22px; max-width: 1680px;
  margin: 0 auto; align-items: start; }
.devices, .feed, #main { background: var(--card); border: 1px solid var(--line); border-radius: 11px; padding: 14px; }
.devices, .feed { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow: auto; }
.devices h2, .feed h2 { margin-bottom: 9px; }
.count { color: var(--soft); font-weight: 400; }
.empty { color: var(--soft); }
.device-card { display: block; width: 100%; text-align: left; border-color: transparent; padding: 9px 10px; margin-bottom: 4px; }
.device-card[aria-current="true"] { background: var(--accent-soft); border-color: var(--accent); }
.device-card strong { font-weight: 600; }
.device-card small, .feed small { display: block; color: var(--soft); font-size: 12.5px; overflow-wrap: anywhere; }
.device-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 10px; align-items: start; }
.device-head h2 { font-size: 20px; letter-spacing: -.01em; }
.identity { color: var(--soft); overflow-wrap: anywhere; font-family: var(--mono); font-size: 13px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 8px 18px; margin: 12px 0; }
.facts dt { color: var(--soft); font-size: 12.5px; }
.facts dd { overflow-wrap: anywhere; }
.notice:not(:empty) { margin-top: 8px; padding: 5px 10px; border-radius: 7px; background: var(--chip); }
.notice.bad { background: var(--bad-soft); color: var(--bad); }
.tabs { display: flex; gap: 2px; border-bottom: 1px solid var(--line); margin-bottom: 10px; }
.tabs button { border: 0; border-bottom: 2px solid transparent; border-radius: 0; background: none; padding: 7px 12px; color: var(--soft); }
.tabs button[aria-selected="true"] { color: var(--text); border-color: var(--accent); font-weight: 600; }
.level .level { margin-left: 11px; border-left: 1px solid var(--line); padding-left: 10px; }
.row { display: flex; flex-wrap: wrap; gap: 3px 10px; align-items: center; padding: 2px 4px; border-radius: 6px; min-height: 32px; }
.row:hover { background: var(--chip); }
.row .name { font-family: var(--mono); font-size: 13px; overflow-wrap: anywhere; }
.toggle { border: 0; background: none; padding: 2px 4px; display: inline-flex; align-items: center; gap: 7px; text-align: left; }
.toggle::before { content: ""; border: solid var(--soft); border-width: 0 2px 2px 0; width: 7px; height: 7px; flex: none;
  transform: rotate(-45deg); transition: transform .12s; }
.toggle[aria-expanded="true"]::before { transform: rotate(45deg); }
.toggle[aria-busy="true"]::before { border-color: var(--accent); animation: spin .7s linear infinite; }
@keyframes spin { to { transform: rotate(315deg); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
.parameter { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 4fr) 112px 118px; padding-left: 22px; }
.value { font-family: var(--mono); font-size: 13px; overflow-wrap: anywhere; white-space: pre-wrap; padding: 2px 6px; border-radius: 5px;
  min-width: 0; text-align: left; }
button.value { border: 1px dashed var(--line); background: none; justify-self: start; max-width: 100%; min-width: 40px; min-height: 26px; }
.value.blank { color: var(--soft); font-style: italic; }
.flash { animation: flash 3s ease-out; }
@keyframes flash { from { background: var(--flash); } }
.chip { background: var(--chip); color: var(--soft); border-radius: 5px; padding: 1px 7px; font-size: 12px; white-space: nowrap; }
.chip.event { background: var(--accent-soft); color: var(--accent); margin: 2px 4px 2px 0; display: inline-block; }
.row:hover .chip { background: var(--card); }
.parameter select { padding: 2px 4px; font-size: 12.5px; color: var(--soft); }
.parameter .type { justify-self: start; }
.editor { display: flex; flex-wrap: wrap; gap: 6px; min-width: 0; }
.editor input, .editor select { flex: 1 1 130px; font-family: var(--mono); font-size: 13px; }
.fault { color: var(--bad); background: var(--bad-soft); border-radius: 7px; padding: 6px 10px; margin: 3px 0 5px 22px; overflow-wrap: anywhere;
  white-space: pre-line; font-size: 14px; }
.actions { display: inline-flex; gap: 6px; margin-left: auto; }
.actions button { padding: 1px 9px; font-size: 13px; }
.feed li { padding: 7px 6px; border-top: 1px solid var(--line); }
.feed li:first-child { border-top: 0; }
.changes { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere; margin-top: 3px; }
details { border: 1px solid var(--line); border-radius: 8px; margin-bottom: 6px; }
summary { cursor: pointer; padding: 6px 10px; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
summary .size { margin-left: auto; }
summary time, .soft { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
pre { margin: 0; padding: 10px; border-top: 1px solid var(--line); overflow: auto; max-height: 480px; font: 12.5px/1.5 var(--mono); }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
td, th { text-align: left; padding: 3px 10px; border-top: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top; }
td { font-family: var(--mono); font-size: 12.5px; }
@media (max-width: 1120px) {
  .layout { grid-template-columns: 230px minmax(0, 1fr); }
  .feed { grid-column: 1 / -1; position: static; max-height: 420px; }
}
@media (max-width: 720px) {
  .top { padding: 12px 14px; }
  .layout { grid-template-columns: minmax(0, 1fr); padding: 12px; gap: 12px; }
  .devices { position: static; max-height: none; }
  .level .level { margin-left: 5px; padding-left: 6px; }
  .parameter { grid-template-columns: minmax(0, 1fr) auto; padding: 6px 4px 6px 10px; }
  .parameter .name, .parameter .cell { grid-column: 1 / -1; }
  .tabs button { flex: 1; padding: 9px 4px; }
}
`;
