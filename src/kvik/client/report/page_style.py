"""How the page of a load run looks: light and dark, on a screen and on paper."""

STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d1f24;--soft:#666b76;--line:#e5e2da;
--c1:#0b6e99;--c2:#c2410c;--c3:#5b8c2a;--c4:#8e44ad;--c5:#a67c00;--c6:#475569;--bad:#b42318;--note:#8a5a00}
@media (prefers-color-scheme:dark){:root{--paper:#14161a;--card:#1b1e24;--ink:#e9e7e1;--soft:#9aa0ab;--line:#2d313a;
--c1:#56b4e9;--c2:#ff9d5c;--c3:#a3d65c;--c4:#d6a2f0;--c5:#f0d060;--c6:#b6c2d2;--bad:#ff8a7a;--note:#f2c063}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main{max-width:940px;margin:0 auto;padding:40px 24px 64px}
header p{margin:.2em 0;color:var(--soft)}
h1{font-size:1.9rem;line-height:1.2;margin:0;letter-spacing:-.02em}
h2{font-size:1.05rem;margin:0 0 .2em}
h1 small{font-weight:400;color:var(--soft);font-size:1rem;letter-spacing:0;margin-left:.4em}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px 22px;margin-top:20px}
section>p{margin:0 0 .8em;color:var(--soft);font-size:.9rem}
.figures{display:flex;flex-wrap:wrap;gap:1px;padding:0;overflow:hidden;background:var(--line)}
.figures div{background:var(--card);padding:16px 18px;flex:1 1 110px}
.figures div:first-child{flex-basis:190px}
.figures span{display:block;font-size:.8rem;color:var(--soft)}
.figures b{font-size:1.2rem;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
.figures div:first-child b{font-size:1.7rem;line-height:1.15;color:var(--c1)}
svg{display:block;width:100%;height:auto;overflow:visible}
.grid{stroke:var(--line);stroke-width:1;fill:none}
.mark,.name{fill:var(--soft);font-size:12.5px;font-variant-numeric:tabular-nums}
.name{fill:var(--ink)}
.line{fill:none;stroke-width:2.4;stroke-linejoin:round;stroke-linecap:round}
.dot{fill:var(--card);stroke:var(--c1);stroke-width:2.4}
.legend{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;margin:0 0 .4em;padding:0;font-size:.9rem}
.legend svg{display:inline-block;width:40px;height:10px;margin-right:8px}
.wash{opacity:.13}
.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}
.line.c4{stroke:var(--c4)}.line.c5{stroke:var(--c5)}.line.c6{stroke:var(--c6)}
.wash.c1{fill:var(--c1)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:7px 0 7px 18px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th,tbody th{font-weight:500}
thead th{color:var(--soft)}
tr:last-child td,tr:last-child th{border-bottom:0}
tr.ratio td,tr.ratio th{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 20px;margin:.6em 0 0;font-size:.92rem}
dt{color:var(--soft)}
dd{margin:0}
code{font:.88em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{margin:0;padding:12px 14px;border-radius:8px;background:var(--paper);border:1px solid var(--line);
white-space:pre-wrap;overflow-wrap:anywhere}
.bad{color:var(--bad);font-weight:600}
.note{color:var(--note)}
@media (max-width:760px){.figures div:first-child{flex-basis:100%}.mark,.name{font-size:20px}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5em}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--c1:#0b6e99;
--c2:#c2410c;--c3:#5b8c2a;--c4:#8e44ad;--c5:#a67c00;--c6:#475569;--bad:#b42318;--note:#8a5a00}
body{font-size:11pt}main{padding:0;max-width:none}section{break-inside:avoid;margin-top:12px}}
"""
