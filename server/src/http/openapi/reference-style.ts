/** The style of `/docs`. The page's security policy names it by its hash. */
export const style = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fbfaf8, #15171a);
  --card: light-dark(#ffffff, #1d2024);
  --ink: light-dark(#1c1f23, #e8e6e3);
  --soft: light-dark(#5d646c, #a2a8b0);
  --line: light-dark(#e3e0da, #31363c);
  --accent: light-dark(#0b6e4f, #5cc8a1);
  --get: light-dark(#0b5fa5, #6cb6f5);
  --post: light-dark(#0b6e4f, #5cc8a1);
  --bad: light-dark(#a8321f, #f0917f);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 5rem; }
body {
  margin: 0 auto; max-width: 84rem; padding: 1.25rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2.5rem;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .25rem; }
h3 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); margin: 1.25rem 0 .4rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
a { color: var(--accent); text-underline-offset: .2em; }
code, .path, .name, .type { font-family: var(--mono); font-size: .875em; overflow-wrap: anywhere; }
.meta { color: var(--soft); font-size: .875rem; }
nav { border-block: 1px solid var(--line); padding: .75rem 0; margin-top: .75rem; max-height: 16rem; overflow-y: auto; }
nav p { margin: .75rem 0 .2rem; font-weight: 600; font-size: .875rem; }
nav p:first-child { margin-top: 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a {
  display: block; padding: .3rem 0 .3rem 3.4rem; text-indent: -3.4rem; color: inherit; text-decoration: none; font: .8125rem/1.4 var(--mono); overflow-wrap: anywhere;
}
nav a:hover { color: var(--accent); text-decoration: underline; }
.method {
  display: inline-block; min-width: 2.7rem; text-indent: 0; font: 700 .6875rem/1.4 var(--mono); text-transform: uppercase; color: var(--soft);
}
.method.get { color: var(--get); }
.method.post { color: var(--post); }
details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .7rem .9rem; border-radius: .6rem; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
summary .path { font-weight: 600; }
summary .what { display: block; color: var(--soft); font-size: .875rem; }
details[open] > summary { border-bottom: 1px solid var(--line); border-radius: .6rem .6rem 0 0; }
.body { padding: .75rem .9rem 1rem; }
.fields { list-style: none; margin: .25rem 0; padding: 0 0 0 .8rem; border-left: 2px solid var(--line); }
.fields li { padding: .25rem 0; }
.fields p { margin: .1rem 0 0; font-size: .875rem; }
.name { font-weight: 600; }
.type { color: var(--accent); }
.answer { border-left: 3px solid var(--post); padding: .1rem 0 .1rem .75rem; margin: .5rem 0; }
.answer p { margin: .1rem 0; }
.s4, .s5 { border-color: var(--bad); }
@media (min-width: 60rem) {
  body { grid-template-columns: 19rem minmax(0, 1fr); padding: 2rem 2.5rem; }
  header { grid-column: 1 / -1; border-bottom: 1px solid var(--line); }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; border: 0; margin: 0; padding: 1.5rem 0; }
  summary .what { display: inline; margin-left: .5rem; }
}
`;
