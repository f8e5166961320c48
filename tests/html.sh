#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages of psvm check and psvm diff in a browser: they are drawn, in the colours of
# both schemes, and nothing is wider than its place on a wide screen and on a narrow one.
# Screenshots and prints stay in DIRECTORY. Status 77: skipped, no browser.
# usage: html.sh PSVM DIRECTORY
set -eu
[ $# = 2 ] || { echo "usage: html.sh PSVM DIRECTORY" >&2; exit 2; }
psvm=$1 pages=$2 here=$(cd "$(dirname "$0")" && pwd)
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
	{ echo "html.sh: no chromium here: skipped"; exit 77; }
mkdir -p "$pages"
pages=$(cd "$pages" && pwd)
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

fail() {
	echo "html.sh: $*" >&2
	exit 1
}

# Scheme 0 is dark, 1 is light. A window of a browser is never as narrow as a telephone,
# a frame can be.
browse() { # SCHEME ARGUMENT...
	scheme=$1
	shift
	rm -rf "$profile" && mkdir "$profile"
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic \
		--no-first-run --disable-background-networking --disable-component-update \
		--disable-sync --hide-scrollbars --allow-file-access-from-files \
		--user-data-dir="$profile" --blink-settings=preferredColorScheme="$scheme" \
		"$@" 2>"$pages/browser.log" || fail "the browser fails: $(cat "$pages/browser.log")"
}

frames() { # PAGE WIDTH...
	page=$1
	shift
	echo '<!DOCTYPE html><html style="color-scheme: light dark"><body style="margin: 0">'
	for width in "$@"; do
		echo "<iframe src=\"$page.html\" style=\"border: 0; display: block;" \
			"width: ${width}px; height: 1600px\"></iframe>"
	done
	echo "<pre></pre><script>"
	cat "$here/html.js"
	echo "</script></body></html>"
}

size_of() { wc -c <"$1"; }

# Every frame says that all fits, in the colours of the scheme.
measure() { # PAGE SCHEME COLOURS
	frames "$1" 1280 400 >"$pages/frame.html"
	browse "$2" --dump-dom "file://$pages/frame.html" >"$pages/dom"
	sed -n 's/.*<pre>//; /^[0-9]* px: /{s/<.pre>.*//; p}' "$pages/dom" >"$pages/said"
	for width in 1280 400; do
		grep -q "^$width px: fits, $3, [1-9][0-9]* drawings" "$pages/said" ||
			fail "$1, $width px, $3: $(cat "$pages/said")"
	done
}

# A picture with something in it takes far more bytes than an empty one.
shoot() { # PAGE SCHEME WIDTH
	frames "$1" "$3" >"$pages/frame.html"
	picture=$pages/$1-$3-$2.png
	browse "$2" --window-size=1280,1600 --screenshot="$picture" "file://$pages/frame.html"
	[ "$(size_of "$picture")" -gt $((4 * $(size_of "$pages/empty.png"))) ] ||
		fail "$picture is empty"
}

status=0
"$psvm" check lkml-2022 --shard 7/18 --html "$pages/check.html" >"$pages/text" || status=$?
"$psvm" diff lkml-2022-base lkml-2022 --html "$pages/diff.html" >"$pages/text" ||
	status=$status$?
# The same with words that are too long for every place.
long=$(printf '%090d' 0)
"$psvm" check lkml-2022 --shard 7/18 --json |
	sed "s/\"shard\": 7/\"shard\": 0/; s/\"shards\": 18/\"shards\": 1/
		s/\"\(act\|bare\|nested\|l0\|title\|setup\)\": \"/&$long/
		s/\(\"[a-z0-9]*\": \"${long}\)[^\"]*/\1/" >"$pages/long.json"
"$psvm" check --merge "$pages/long.json" --html "$pages/long.html" >"$pages/text" ||
	status=$status$?
[ "$status" = 111 ] || fail "psvm: status $status"

browse 1 --window-size=1280,1600 --screenshot="$pages/empty.png" about:blank
for page in check diff long; do
	measure "$page" 1 'rgb(27, 31, 36) on rgb(255, 255, 255)'
	measure "$page" 0 'rgb(230, 237, 243) on rgb(16, 21, 27)'
done
for page in check diff; do
	for width in 1280 400; do
		shoot "$page" 1 "$width"
		shoot "$page" 0 "$width"
		! cmp -s "$pages/$page-$width-0.png" "$pages/$page-$width-1.png" ||
			fail "$page is not dark"
	done
	browse 0 --no-pdf-header-footer --print-to-pdf="$pages/$page.pdf" \
		"file://$pages/$page.html"
	[ "$(head -c 4 "$pages/$page.pdf")" = %PDF ] || fail "$page is not printed"
done
echo "html.sh: $(cat "$pages/said")"
