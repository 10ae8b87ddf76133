use super::{error::ConfigErrors, layers::Layers, *};

fn venues() -> Vec<VenueDefaults> {
    ["binance", "okx"]
        .iter()
        .map(|key| VenueDefaults {
            venue: Venue::new(key).unwrap(),
            ws_urls: vec![format!("wss://{key}.example/stream"), format!("wss://{key}2.example/stream")],
            rest_urls: vec![format!("https://{key}.example")],
        })
        .collect()
}

fn from_toml(text: &str) -> Result<Config, ConfigErrors> {
    load(&Layers::new(venues()).toml(text))
}

fn from_env(name: &str, value: &str) -> Result<Config, ConfigErrors> {
    load(&Layers::new(venues()).environment([(name.to_owned(), value.to_owned())].into_iter()))
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = from_toml("").unwrap();
    assert_eq!(config.server.addr.to_string(), "127.0.0.1:3000");
    assert!(config.market.symbols.len() >= 20);
    assert_eq!(
        config.market.default_symbols.iter().map(Symbol::as_str).collect::<Vec<_>>(),
        ["BTC", "ETH", "SOL", "BNB"]
    );
    assert_eq!(config.market.coalesce_ms, 50);
    assert!((config.market.outlier_pct - 2.0).abs() < f64::EPSILON);
    assert!((config.market.outlier_return_pct - 1.0).abs() < f64::EPSILON);
    assert_eq!(config.market.quiet_after(), Duration::from_secs(10));
    assert_eq!(config.market.stale_after(), Duration::from_mins(1));
    assert_eq!((config.limits.connections_per_address, config.limits.connections_total), (100, 10_000));
    assert_eq!((config.limits.requests_per_minute, config.limits.stall_s), (300, 30));
    assert_eq!(config.limits, LimitsConfig::default());
    let limits = &config.limits;
    assert_eq!(
        (limits.sockets_per_address(), limits.sockets_total(), limits.connections_per_token()),
        (1000, 20_000, 1000)
    );
    assert_eq!((limits.streams_per_minute(), limits.pages_per_minute()), (600, 600));
    assert_eq!((limits.token_requests_per_minute(), limits.total_requests_per_minute()), (3000, 120_000));
    assert_eq!(config.news.feeds, Feeds::BuiltIn);
    assert_eq!((config.access.read, config.access.wrong_tokens_per_minute), (Reading::Open, 30));
}

#[test]
fn a_file_is_read_and_the_environment_wins_over_it_and_flags_over_both() {
    let file = "[server]\naddr = \"0.0.0.0:80\"\n[market]\nsymbols = [\"BTC\", \"ethusdt\"]\ncoalesce_ms = 10\n\
                [venues.okx]\nenabled = false\n";
    let layers = Layers::new(venues()).toml(file);
    let config = load(&layers).unwrap();
    assert_eq!(config.server.addr.to_string(), "0.0.0.0:80");
    assert_eq!(config.market.symbols.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["BTC", "ETH"]);
    assert_eq!(config.market.default_symbols.len(), 2, "the strip shows what is left of it");
    assert!(!config.venues[1].enabled);

    let layers = layers.environment(
        [
            ("MARKET_PULSE__SERVER__ADDR", "127.0.0.1:81"),
            ("MARKET_PULSE__VENUES__BINANCE__WS_URLS", "ws://127.0.0.1:19001/stream, ws://127.0.0.1:2/stream"),
            ("MARKET_PULSE__VENUES__BINANCE__REST_URLS", "http://127.0.0.1:19001/binance/"),
            ("MARKET_PULSE__NEWS__FEEDS", "off"),
            ("PATH", "ignored"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let config = load(&layers).unwrap();
    assert_eq!(config.server.addr.to_string(), "127.0.0.1:81");
    assert_eq!(config.venues[0].ws_urls, ["ws://127.0.0.1:19001/stream", "ws://127.0.0.1:2/stream"]);
    assert_eq!(config.venues[0].rest_urls, ["http://127.0.0.1:19001/binance"], "no slash is doubled later");
    assert_eq!(config.news.feeds, Feeds::Off);

    let config = load(&layers.flag("--addr", "server.addr", Some("127.0.0.1:82".into()))).unwrap();
    assert_eq!(config.server.addr.to_string(), "127.0.0.1:82");
}

#[test]
fn what_is_wrong_is_said_with_key_place_and_remedy() {
    for (text, expected) in [
        (
            "[market]\ncoalesce = 5\n",
            "configuration: line 2: there is no setting `market.coalesce`; the nearest is `market.coalesce_ms`",
        ),
        ("\n[markte]\nsymbols = []\n", "configuration: line 2: there is no setting `markte`; the nearest is `market`"),
        (
            "[venues.binanse]\nenabled = true",
            "configuration: line 1: there is no setting `venues.binanse`; the nearest is `venues.binance`",
        ),
        (
            "[market]\n\ncoalesce_ms = -1",
            "configuration: line 3: `market.coalesce_ms` is `-1`: it must be a number from 0 to 5000",
        ),
        (
            "[market]\noutlier_pct = nan",
            "configuration: line 2: `market.outlier_pct` is NaN: it must be from 0.01 to 100",
        ),
        (
            "[market]\nsymbols = [\"BTC\", \"no way\"]",
            "configuration: line 2: `market.symbols` has `no way`: a symbol is 1 to 20 letters or digits, with at most one separator before USDT",
        ),
        (
            "[market]\nquiet_after_s = 60",
            "configuration: default: `market.stale_after_s` must be above market.quiet_after_s",
        ),
        (
            "[market]\ndefault_symbols = [\"NOPE\"]",
            "configuration: line 2: `market.default_symbols` has NOPE, which is not one of market.symbols",
        ),
        (
            "[server]\naddr = 3000",
            "configuration: line 2: `server.addr` is `3000`: it must be an address and a port such as 127.0.0.1:3000",
        ),
        (
            "[server]\ncors_origins = [\"example.org/x\"]",
            "configuration: line 2: `server.cors_origins` has `example.org/x`, which is neither `*` nor an origin such as https://example.org",
        ),
        (
            "[server]\nframe_ancestors = [\"none\"]",
            "configuration: line 2: `server.frame_ancestors` has `none`, which is neither `*` nor `self` nor an origin such as https://example.org",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/40\"]",
            "configuration: line 2: `server.trusted_proxies` has `10.0.0.0/40`, which is neither an IP address nor a network such as 10.0.0.0/8",
        ),
        (
            "[server]\ntrusted_proxies = [\"::/0\"]",
            "configuration: line 2: `server.trusted_proxies` has `::/0`, which is everybody: then anybody could claim any address",
        ),
        (
            "[limits]\nsockets_per_address = 99",
            "configuration: line 2: `limits.sockets_per_address` must be 0, or not below limits.connections_per_address",
        ),
        (
            "[limits]\nsockets_total = 500",
            "configuration: line 2: `limits.sockets_total` must be 0, or not below limits.connections_total",
        ),
        (
            "[limits]\nbody_timeout_s = 0",
            "configuration: line 2: `limits.body_timeout_s` is 0: it must be from 1 to 600",
        ),
        (
            "[venues.okx]\nws_urls = [\"http://x\"]",
            "configuration: line 2: `venues.okx.ws_urls` has `http://x`, which is no ws or wss address\nconfiguration: line 2: `venues.okx.ws_urls` must name at least one address",
        ),
        ("[venues.okx]\nenabled = 1", "configuration: line 2: `venues.okx.enabled` is `1`: it must be true or false"),
        ("[access]\nread = \"all\"", "configuration: line 2: `access.read` is `all`: it must be `open` or `token`"),
        (
            "[redis]\nurl = \"redis://x\"",
            "configuration: line 2: `redis.url` must be empty: this version runs as one node",
        ),
        (
            "[news]\nfeeds = [\"a|b\"]",
            "configuration: line 2: `news.feeds` has `a|b`, which is not key|name|category|url or key|name|category|url|tier|trust",
        ),
        ("a = [", "configuration: line 1: not TOML: unclosed array, expected `]`"),
    ] {
        assert_eq!(from_toml(text).unwrap_err().to_string(), expected, "{text}");
    }
    assert_eq!(
        from_env("MARKET_PULSE__MARKET__SYMBOL", "BTC").unwrap_err().to_string(),
        "configuration: MARKET_PULSE__MARKET__SYMBOL: there is no setting `MARKET_PULSE__MARKET__SYMBOL`; the nearest is \
         `MARKET_PULSE__MARKET__SYMBOLS`"
    );
    assert!(from_env("MARKET_PULSE__VENUES__OKX__ENABLED", "no").is_err());
}

#[test]
fn raising_one_limit_is_enough_unless_another_is_set() {
    let limits = from_toml("[limits]\nconnections_per_address = 20000\nrequests_per_minute = 1000000").unwrap().limits;
    assert_eq!((limits.sockets_per_address(), limits.streams_per_minute()), (200_000, 120_000));
    assert_eq!((limits.pages_per_minute(), limits.total_requests_per_minute()), (2_000_000, 400_000_000));
    let limits = from_toml("[limits]\nconnections_per_address = 20000\nstreams_per_minute = 7").unwrap().limits;
    assert_eq!(limits.streams_per_minute(), 7);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let errors = from_toml("[market]\ncoalesce = 5\n[server]\nadr = \"x\"\n").unwrap_err();
    assert_eq!(errors.0.len(), 2);
}

#[test]
fn no_venue_at_all_is_refused() {
    let error = from_toml("[venues.binance]\nenabled = false\n[venues.okx]\nenabled = false").unwrap_err().to_string();
    assert!(error.contains("at least one venue must be enabled"), "{error}");
}

#[test]
fn feeds_can_be_tables_or_lines() {
    let feed = Feed {
        key: "a".into(),
        name: "A".into(),
        category: "markets".into(),
        url: "https://a.example/rss".into(),
        tier: 2,
        trust: 0.5,
    };
    let table = "[[news.feeds]]\nkey = \"a\"\nname = \"A\"\ncategory = \"markets\"\nurl = \"https://a.example/rss\"";
    assert_eq!(from_toml(table).unwrap().news.feeds, Feeds::These(vec![feed.clone()]));
    let config = from_env("MARKET_PULSE__NEWS__FEEDS", "a|A|markets|https://a.example/rss").unwrap();
    assert_eq!(config.news.feeds, Feeds::These(vec![feed]));
}

#[test]
fn the_example_holds_every_key_and_means_the_defaults() {
    let text = example::text(&venues());
    assert_eq!(from_toml(&text).unwrap(), from_toml("").unwrap());
    // Without its comment signs each setting is read, and is what it was.
    let uncommented: String = text
        .lines()
        .filter_map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => Some(rest),
            Some(_) => None,
            None => Some(line),
        })
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(from_toml(&uncommented).unwrap(), from_toml("").unwrap());
    for key in keys::all(&venues()) {
        assert!(text.contains(&key.environment_name()), "{}", key.name);
    }
}

#[test]
fn the_effective_settings_can_be_read_back() {
    let layers = Layers::new(venues()).toml("[market]\ncoalesce_ms = 7\n");
    let text = layers.effective().unwrap();
    assert!(text.contains("coalesce_ms = 7 # line 2"), "{text}");
    assert!(text.contains("quiet_after_s = 10 # default"), "{text}");
    assert_eq!(from_toml(&text).unwrap(), load(&layers).unwrap());
}
