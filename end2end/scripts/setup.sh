#!/usr/bin/env bash
# Installs what a build (`build`) or the browser tests (`browser`) need. Does nothing where it is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

CARGO_LEPTOS=0.3.10
say() { printf 'setup: %s\n' "$*" >&2; }

need() {
    command -v "$1" >/dev/null || { say "$1 is missing: $2"; exit 2; }
}

# cargo-leptos would otherwise download these three from a place that many networks refuse.
install_build_tools() {
    need cargo "install Rust from https://rustup.rs"
    need npm "install Node 20 or newer from https://nodejs.org"
    need cc "install a C compiler (Debian: apt-get install build-essential)"

    if ! rustup target list --installed | grep -qx wasm32-unknown-unknown; then
        say "the WebAssembly target"
        rustup target add wasm32-unknown-unknown
    fi

    # The command must be of the very version that the crate is locked to.
    local bindgen
    bindgen=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
    if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $bindgen" ]; then
        say "wasm-bindgen $bindgen (2 minutes)"
        cargo install wasm-bindgen-cli --version "$bindgen" --force
    fi
    if ! cargo leptos --version 2>/dev/null | grep -qw "$CARGO_LEPTOS"; then
        say "cargo-leptos $CARGO_LEPTOS (11 minutes on 2 cores)"
        cargo install cargo-leptos --version "$CARGO_LEPTOS" --locked --force --no-default-features --features no_downloads
    fi

    if [ ! -f end2end/node_modules/.installed ] || ! cmp -s end2end/package-lock.json end2end/node_modules/.installed; then
        say "Node packages"
        (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund)
        cp end2end/package-lock.json end2end/node_modules/.installed
    fi

    # The chart library is served by us and loaded on demand.
    mkdir -p public/vendor
    cmp -s end2end/node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs public/vendor/lightweight-charts.js ||
        cp end2end/node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs public/vendor/lightweight-charts.js
}

install_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then return; fi
    done
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    if command -v apt-get >/dev/null; then
        say "Chromium"
        $sudo apt-get update -qq
        $sudo apt-get install -y --no-install-recommends chromium
    else
        say "no browser found: install Chromium or Chrome, then run this again"
        exit 2
    fi
}

# The tests follow the streams with Python clients, too.
install_clients() {
    if cmp -s end2end/clients/requirements.txt end2end/python/.installed; then return; fi
    need python3 "install Python 3.10 or newer with pip"
    python3 -m pip --version >/dev/null 2>&1 || { say "pip is missing: install it (Debian: apt-get install python3-pip)"; exit 2; }
    say "Python clients"
    rm -rf end2end/python
    python3 -m pip install --quiet --disable-pip-version-check --target end2end/python -r end2end/clients/requirements.txt
    cp end2end/clients/requirements.txt end2end/python/.installed
}

# The tests let Prometheus' own tool look at the metrics. Only the tool is taken out of its package: installing that
# would start a service.
install_promtool() {
    if command -v promtool >/dev/null || [ -x end2end/tools/promtool ]; then return; fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        say "promtool is missing: install Prometheus from https://prometheus.io/download/ and put promtool on PATH"
        exit 2
    fi
    say "promtool"
    local folder sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    folder=$(mktemp -d)
    # As root, apt-get would hand the download to a user who may not write here.
    (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq prometheus 2>/dev/null) || {
        $sudo apt-get update -qq
        (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq prometheus)
    }
    dpkg-deb -x "$folder"/prometheus_*.deb "$folder/unpacked"
    mkdir -p end2end/tools
    install -m 755 "$folder/unpacked/usr/bin/promtool" end2end/tools/promtool
    rm -rf "$folder"
}

case "${1:-}" in
    build) install_build_tools ;;
    browser)
        install_browser
        install_clients
        install_promtool
        ;;
    *) say "usage: setup.sh build|browser"; exit 2 ;;
esac
