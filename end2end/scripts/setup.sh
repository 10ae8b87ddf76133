#!/usr/bin/env bash
# Installs what a build (`build`), the tests with other servers (`servers`) or with a browser (`browser`) need. Does nothing
# where it is there already.
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
    if command -v apt-get >/dev/null; then
        say "Chromium"
        as_root apt-get update -qq
        as_root apt-get install -y --no-install-recommends chromium
    else
        say "no browser found: install Chromium or Chrome, then run this again"
        exit 2
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Servers that the tests put beside the real one. They are unpacked, not installed: no service is set up or started.
SERVERS="nginx caddy promtool redis-server"
PACKAGES="nginx caddy prometheus redis-server redis-tools libjemalloc2 liblua5.1-0 liblzf1"

install_servers() {
    if [ "$(cat end2end/tools/.installed 2>/dev/null)" = "$PACKAGES" ]; then return; fi
    local missing=""
    for name in $SERVERS; do command -v "$name" >/dev/null || missing="$missing $name"; done
    if [ -z "$missing" ]; then return; fi
    command -v apt-get >/dev/null || { say "not found:$missing; install them, then run this again"; exit 2; }
    say "servers that the tests need:$missing"
    rm -rf end2end/tools
    mkdir -p end2end/tools/packages
    # The lists of packages may be older than the packages.
    (cd end2end/tools/packages && apt-get download -qq $PACKAGES) 2>/dev/null ||
        { as_root apt-get update -qq && (cd end2end/tools/packages && apt-get download -qq $PACKAGES); }
    for package in end2end/tools/packages/*.deb; do dpkg -x "$package" end2end/tools; done
    rm -rf end2end/tools/packages
    # Redis finds its libraries beside it.
    local redis=end2end/tools/usr/bin/redis-server
    rm -f "$redis"
    cat > "$redis" <<'SCRIPT'
#!/usr/bin/env bash
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH=$(echo "$here"/../lib/*-linux-gnu) exec -a redis-server "$here/redis-check-rdb" "$@"
SCRIPT
    chmod +x "$redis"
    printf '%s' "$PACKAGES" > end2end/tools/.installed
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

case "${1:-}" in
    build) install_build_tools ;;
    servers) install_servers ;;
    browser)
        install_browser
        install_clients
        ;;
    *) say "usage: setup.sh build|servers|browser"; exit 2 ;;
esac
