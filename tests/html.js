/* SPDX-License-Identifier: MIT */
/* Of each frame of this page: one line, what does not fit or "fits", and the colours. */
"use strict";

/* What is wider than its place, but for what scrolls. */
function too_wide(document, window) {
	const root = document.documentElement;
	const wide = [...document.querySelectorAll("body *:not(svg *)")].filter(
		e => window.getComputedStyle(e).display !== "inline" &&
		     e.scrollWidth > e.clientWidth + 1);
	const drawn = [...document.querySelectorAll("svg text")].filter(t => {
		const box = t.getBBox();
		return box.x < 0 ||
		       box.x + box.width > t.ownerSVGElement.viewBox.baseVal.width;
	});
	const page = root.scrollWidth > root.clientWidth ? [root] : [];

	return [...page, ...wide, ...drawn].map(
		e => `<${e.localName} class=${e.getAttribute("class")}> ${e.textContent.slice(0, 30)}`);
}

window.onload = () => {
	const lines = [...document.querySelectorAll("iframe")].map(frame => {
		const inside = frame.contentDocument, window = frame.contentWindow;
		const wide = too_wide(inside, window);
		const page = window.getComputedStyle(inside.body);

		return `${inside.documentElement.clientWidth} px: ${wide.join("; ") || "fits"}, ` +
		       `${page.color} on ${page.backgroundColor}, ` +
		       `${inside.querySelectorAll("svg").length} drawings`;
	});

	document.querySelector("pre").textContent = lines.join("\n");
};
