/* SPDX-License-Identifier: MIT */
/* How pages look: light, dark, narrow and printed. */
#include "html.h"

#include "rows.h"

/* clang-format off: a table. */
static const char *const style[] = {
	/* Colours: of the page; of owners and lanes; of what differs. On paper: the light
	   ones. */
	":root{color-scheme:light "
	"dark;--page:#fff;--card:#f5f7f9;--ink:#1b1f24;--soft:#4d5661;",
	"--line:#c9d1d9;--link:#0a4fb3;--l0:#e9dcff;--l1:#d6e6ff;--l2:#d0f0d9;--o01:#"
	"fde6ad;",
	"--bad:#a31515;--bad-page:#fff0ee;--good:#14602d;--good-page:#ecf8ef}",
	"@media screen and "
	"(prefers-color-scheme:dark){:root{--page:#10151b;--card:#181f27;",
	"--ink:#e6edf3;--soft:#a3b0bd;--line:#3a444f;--link:#8ab8ff;--l0:#3d2768;--l1:#"
	"17386b;",
	"--l2:#14452a;--o01:#503a0b;--bad:#ff9d94;--bad-page:#35191a;--good:#86dba0;",
	"--good-page:#13291c}}",
	"*{box-sizing:border-box}",
	"html{overflow-wrap:anywhere;scroll-padding-top:1rem}",
	"body{margin:0 auto;max-width:80rem;padding:1.5rem 1.25rem "
	"3rem;background:var(--page);",
	"color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe "
	"UI\",\"Liberation Sans\",sans-serif}",
	"h1{font-size:1.75rem;line-height:1.2;margin:.1rem 0 1rem}",
	"h2{font-size:1.35rem;margin:2.5rem 0 "
	".75rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}",
	"h3{font-size:1.1rem;line-height:1.35;margin:1.75rem 0 .6rem}",
	"h4{font-size:.95rem;margin:0 0 .4rem}",
	"p{margin:.5rem 0;max-width:52rem}a{color:var(--link)}",
	"code,pre,.psvm,.name{font-family:ui-monospace,\"DejaVu Sans Mono\",\"Liberation "
	"Mono\",Menlo,Consolas,monospace}",
	"code,pre{font-size:.875em}",
	"pre{white-space:pre-wrap;background:var(--card);border:1px solid "
	"var(--line);border-radius:6px;padding:.6rem .8rem;margin:.5rem 0}",
	".psvm,footer{color:var(--soft);font-size:.9rem}.psvm{margin:0}",
	"footer{margin-top:3rem;border-top:1px solid var(--line)}",
	/* The summary. */
	".cards{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.75rem}",
	".cards>li{background:var(--card);border:1px solid var(--line);border-left:6px "
	"solid var(--line);border-radius:6px;padding:.7rem 1rem}",
	".cards p{margin:.15rem 0}.verdict{font-weight:600}",
	".cards>.bad{border-left-color:var(--bad);background:var(--bad-page)}.bad "
	".verdict{color:var(--bad)}",
	".cards>.good{border-left-color:var(--good);background:var(--good-page)}.good "
	".verdict{color:var(--good)}",
	".index{padding-left:2.2rem;columns:2 "
	"30rem;column-gap:3rem;font-size:.9rem}.index li{margin:0 0 "
	".3rem;break-inside:avoid}.index span{color:var(--soft)}",
	/* Bits of int_ctl: bytes below each other. */
	".moments{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,"
	"20rem),1fr));gap:1rem 1.25rem;margin:.75rem 0}",
	"figure{margin:0;break-inside:avoid}figcaption{font-size:.875rem;margin-bottom:."
	"4rem}",
	".bits{display:grid;grid-template-columns:repeat(8,minmax(0,1fr));gap:2px}",
	".bit{display:flex;flex-direction:column;justify-content:space-between;align-"
	"items:center;text-align:center;min-height:4.1rem;padding:.15rem .05rem;",
	"border:1px solid "
	"var(--line);border-radius:4px;font-size:.625rem;line-height:1.15;overflow-wrap:"
	"normal}",
	".bit b{font-weight:400}.bit "
	"i{font-style:normal;font-weight:700;font-size:.75rem}.bit "
	"small{color:var(--soft);font-size:.625rem}",
	".row{min-height:1.8rem;flex-direction:row;justify-content:space-between;padding:"
	".15rem .6rem}",
	".o1{background:var(--l1)}.o2{background:var(--o01)}.o4{background:var(--l0)}.o1 "
	"small,.o2 small,.o4 small,.mix small{color:inherit}",
	".mix{background:linear-gradient(135deg,var(--l1) 50%,var(--o01) 50%)}",
	".mix0{background:linear-gradient(135deg,var(--l1) 50%,var(--l0) 50%)}",
	".ne{outline:3px solid var(--bad);outline-offset:-2px}",
	".key{list-style:none;padding:0;margin:.5rem "
	"0;display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;font-size:.875rem}",
	".key span{display:inline-block;min-width:1.9rem;text-align:center;border:1px "
	"solid var(--line);border-radius:4px;font-weight:700;font-size:.75rem;padding:0 "
	".3rem;margin-right:.4rem}",
	/* Tables; below each other where it is narrow. */
	"table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.75rem 0}",
	"th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border:1px solid "
	"var(--line)}",
	"thead th{background:var(--card)}td p{margin:0 0 "
	".2rem}caption{text-align:left;font-weight:600;padding:.3rem 0}",
	"@media "
	"(max-width:44rem){thead{display:none}table,tbody,tr,caption,th,td{display:block}"
	"tr{"
	"border:1px solid var(--line);border-radius:6px;margin-bottom:.6rem}",
	"th,td{border:0;padding:.25rem "
	".7rem}td::before{content:attr(data-head);display:block;color:var(--soft);font-"
	"size:.75rem}td:empty{display:none}}",
	/* Stories: the lanes, and beside them what else is known. */
	"article{break-inside:avoid;border-top:1px solid "
	"var(--line);margin-top:1.5rem}article h3{margin-top:1rem}",
	".story{display:flex;flex-wrap:wrap;gap:1rem 1.75rem;align-items:flex-start}",
	".lanes{flex:1 1 20rem;max-width:34rem;min-width:0;overflow-x:auto}.lanes "
	"svg{display:block;width:100%;height:auto}",
	".facts{flex:1 1 18rem;min-width:0;margin:0;font-size:.9rem}.facts "
	"dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0 0 .55rem}",
	"svg text{font:12px ui-monospace,\"DejaVu Sans Mono\",\"Liberation "
	"Mono\",Menlo,Consolas,monospace;fill:var(--ink)}svg "
	".sign{font-size:18px;font-weight:700;fill:var(--bad)}",
	"svg .head{font-weight:700}svg .soft{fill:var(--soft)}svg "
	".bad{fill:var(--bad);font-weight:700}",
	"svg .life{stroke:var(--line);stroke-width:2}svg "
	".box{stroke:var(--ink);stroke-width:1}",
	"svg .l0{fill:var(--l0)}svg .l1{fill:var(--l1)}svg .l2{fill:var(--l2)}",
	"svg .arrow{stroke:var(--ink);stroke-width:1.5;fill:none}",
	"svg .same{fill:var(--card);stroke:var(--line)}svg "
	".differs{fill:var(--bad-page);stroke:var(--bad);stroke-width:2}",
	"@media (max-width:30rem){body{padding:1rem .8rem "
	"2rem}h1{font-size:1.4rem}h2{font-size:1.2rem}}",
	"@media "
	"print{body{max-width:none;padding:0;font-size:10pt}*{print-color-adjust:exact;-"
	"webkit-print-color-adjust:exact}",
	"a{color:inherit;text-decoration:none}h2,h3{break-after:avoid}.cards>li,tr{break-"
	"inside:avoid}.lanes{max-width:24rem}}",
};
/* clang-format on */

void html_style(FILE *to)
{
	for (size_t i = 0; i < N_ROWS(style); i++)
		fprintf(to, "%s\n", style[i]);
}
