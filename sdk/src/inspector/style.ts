/** Every pair of text and ground has a contrast of 7:1 or more, in both themes. */
const light = `
  --ground: #fff; --sunk: #f2f5f4; --line: #cdd6d2; --ink: #101815; --dim: #46524d; --accent: #0b4f39; --on-accent: #fff;
  --good: #0a4a2c; --good-ground: #d6f2e0; --wait: #633800; --wait-ground: #ffedc9; --bad: #8a1010; --bad-ground: #ffe3e0;
  --calm: #2b3a44; --calm-ground: #e4eaee;`;
const dark = `
  --ground: #131917; --sunk: #1c2421; --line: #3a4641; --ink: #ecf2ef; --dim: #b3c0ba; --accent: #8fe0bd; --on-accent: #06251a;
  --good: #a6ecc3; --good-ground: #14372a; --wait: #ffd894; --wait-ground: #40300f; --bad: #ffbdb6; --bad-ground: #4d1a17;
  --calm: #cfdbe3; --calm-ground: #2a353c;`;

export const style = `
:host { ${light} display: block; color-scheme: light; container-type: inline-size; }
:host([data-theme='dark']) { ${dark} color-scheme: dark; }
@media (prefers-color-scheme: dark) { :host([data-theme='auto']) { ${dark} color-scheme: dark; } }

* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
.panel {
  padding: 12px; background: var(--ground); color: var(--ink); text-align: start;
  font: 400 15px/1.4 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-bottom: 12px; }
h2 { flex: 1 1 auto; font-size: 18px; line-height: 1.25; }
.chip {
  display: inline-block; padding: 1px 8px; border-radius: 99px; background: var(--calm-ground); color: var(--calm);
  font-size: 13px; font-weight: 600; white-space: nowrap;
}
.chip[data-kind='good'] { background: var(--good-ground); color: var(--good); }
.chip[data-kind='wait'] { background: var(--wait-ground); color: var(--wait); }
.chip[data-kind='bad'] { background: var(--bad-ground); color: var(--bad); }

.actions { display: flex; flex-wrap: wrap; gap: 8px; }
button {
  flex: 1 1 auto; min-height: 44px; padding: 6px 14px; border: 1px solid var(--accent); border-radius: 8px;
  background: transparent; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer; touch-action: manipulation;
}
button.first { background: var(--accent); color: var(--on-accent); }
button:disabled { opacity: .6; cursor: default; }
.said { min-height: 21px; margin: 6px 0; color: var(--dim); font-size: 14px; }
textarea {
  width: 100%; height: 160px; margin-bottom: 12px; padding: 8px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--sunk); color: var(--ink); font: 12px/1.4 ui-monospace, monospace;
}

.tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; margin-bottom: 12px; }
.tiles > div { padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--sunk); }
.tiles dt { color: var(--dim); font-size: 13px; }
.tiles dd { font-size: 17px; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }

details { border-top: 1px solid var(--line); }
summary { display: flex; gap: 8px; align-items: center; min-height: 44px; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: '▸'; width: 14px; color: var(--dim); }
details[open] > summary::before { content: '▾'; }
h3 { font-size: 15px; }

.facts dl { padding-bottom: 10px; }
.facts dl > div { display: flex; gap: 12px; padding: 3px 0; }
.facts dt { flex: 0 0 42%; color: var(--dim); }
.facts dd { min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }

.frame { overflow-x: auto; padding-bottom: 10px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { padding: 4px 10px 4px 0; color: var(--dim); font-size: 13px; font-weight: 400; text-align: start; }
td { padding: 5px 10px 5px 0; border-top: 1px solid var(--line); vertical-align: top; }
td:last-child { white-space: nowrap; }
.mutations td:first-child { color: var(--dim); }
small { display: block; color: var(--dim); font-size: 13px; overflow-wrap: anywhere; }
.none { color: var(--dim); }

/* No room for columns: what is named takes the whole width, and the rest stands below it. */
@container (max-width: 639px) {
  :is(.mutations, .errors) { display: block; }
  :is(.mutations, .errors) thead { position: absolute; clip-path: inset(50%); }
  :is(.mutations, .errors) tbody { display: block; }
  :is(.mutations, .errors) tr { display: grid; gap: 2px 8px; padding: 7px 0; border-top: 1px solid var(--line); }
  :is(.mutations, .errors) td { padding: 0; border: 0; }
  .mutations tr { grid-template: 'no name name' 'no state age' / auto minmax(0, 1fr) auto; }
  .mutations td:nth-child(1) { grid-area: no; min-width: 20px; }
  .mutations td:nth-child(2) { grid-area: name; }
  .mutations td:nth-child(3) { grid-area: state; }
  .mutations td:nth-child(4) { grid-area: age; }
  .errors tr { grid-template: 'error error' 'last times' / minmax(0, 1fr) auto; }
  .errors td:nth-child(1) { grid-area: error; }
  .errors td:nth-child(2) { grid-area: times; }
  .errors td:nth-child(3) { grid-area: last; color: var(--dim); }
}
@container (min-width: 640px) {
  .panel { padding: 16px 20px; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
  .actions { justify-content: flex-start; }
  button { flex: 0 0 auto; }
}
@container (min-width: 900px) {
  .columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 32px; align-items: start; }
}
`;
