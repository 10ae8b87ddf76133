use super::*;
use crate::server::simulator::testing::get;

async fn binance(world: &World, path: &str) -> Answer {
    get(&world.router, &format!("/binance/api/v3/{path}")).await
}

async fn bybit(world: &World, path: &str) -> Value {
    let answer = get(&world.router, &format!("/bybit/v5/market/{path}")).await;
    assert_eq!(answer.status, 200, "errors ride on status 200");
    let body = answer.json();
    assert!(body["time"].is_i64() && body["retExtInfo"].is_object());
    body
}

async fn okx(world: &World, path: &str) -> Answer {
    get(&world.router, &format!("/okx/api/v5/{path}")).await
}

#[tokio::test(start_paused = true)]
async fn markets_can_be_loaded() {
    let world = World::start();
    let info = binance(&world, "exchangeInfo").await.json();
    assert_eq!(info["symbols"].as_array().unwrap().len(), listed(Exchange::Binance));
    let btc = &info["symbols"][0];
    assert_eq!(
        (&btc["symbol"], &btc["status"], &btc["quoteAsset"]),
        (&json!("BTCUSDT"), &json!("TRADING"), &json!("USDT"))
    );
    let filters: Vec<&str> =
        btc["filters"].as_array().unwrap().iter().map(|f| f["filterType"].as_str().unwrap()).collect();
    assert!(["PRICE_FILTER", "LOT_SIZE", "NOTIONAL"].iter().all(|f| filters.contains(f)));
    let two = binance(&world, "exchangeInfo?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D").await.json();
    assert_eq!(two["symbols"].as_array().unwrap().len(), 2);
    assert_eq!(binance(&world, "exchangeInfo?symbols=%5B%22BTCUSDT%22,%22NOPEUSDT%22%5D").await.json()["code"], -1121);

    let info = bybit(&world, "instruments-info?category=spot").await;
    assert_eq!(info["result"]["list"].as_array().unwrap().len(), listed(Exchange::Bybit));
    assert_eq!(info["result"]["list"][0]["priceFilter"]["tickSize"], "0.01");
    for category in ["linear", "inverse", "option"] {
        assert_eq!(bybit(&world, &format!("instruments-info?category={category}")).await["result"]["list"], json!([]));
    }

    let info = okx(&world, "public/instruments?instType=SPOT").await.json();
    assert_eq!((&info["code"], info["data"].as_array().unwrap().len()), (&json!("0"), listed(Exchange::Okx)));
    assert_eq!((&info["data"][0]["instId"], &info["data"][0]["tickSz"]), (&json!("BTC-USDT"), &json!("0.1")));
    assert_eq!(okx(&world, "public/instruments?instType=SWAP").await.json()["data"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn tickers_agree_over_rest() {
    let world = World::start();
    let full = binance(&world, "ticker/24hr").await.json();
    for row in full.as_array().unwrap() {
        let f = |name: &str| figure(&row[name]);
        assert_close(f("lastPrice") - f("openPrice"), f("priceChange"), 1e-9);
        assert_close(f("priceChange") / f("openPrice") * 100.0, f("priceChangePercent"), 0.000_500_1);
        assert_close(f("quoteVolume") / f("volume"), f("weightedAvgPrice"), 1e-7 * f("weightedAvgPrice").max(1.0));
        assert_eq!(row["closeTime"].as_i64().unwrap() - row["openTime"].as_i64().unwrap(), 86_400_000);
        assert_eq!(
            row["lastId"].as_i64().unwrap() - row["firstId"].as_i64().unwrap() + 1,
            row["count"].as_i64().unwrap()
        );
    }
    let one = binance(&world, "ticker/24hr?symbol=BTCUSDT").await.json();
    assert_eq!(one["symbol"], "BTCUSDT");
    let mini = binance(&world, "ticker/24hr?symbols=[%22BTCUSDT%22,%22ETHUSDT%22]&type=MINI").await.json();
    assert_eq!(mini.as_array().unwrap().len(), 2);
    assert_eq!(mini[0].as_object().unwrap().len(), 12);
    assert_eq!(binance(&world, "ticker/price?symbol=BTCUSDT").await.json()["price"], one["lastPrice"]);
    let books = binance(&world, "ticker/bookTicker").await.json();
    assert_eq!(books.as_array().unwrap().len(), listed(Exchange::Binance));

    let row = bybit(&world, "tickers?category=spot&symbol=BTCUSDT").await["result"]["list"][0].clone();
    assert_eq!(row.as_object().unwrap().len(), 13);
    let rows = bybit(&world, "tickers?category=spot").await;
    assert_eq!(rows["result"]["list"].as_array().unwrap().len(), listed(Exchange::Bybit));
    let rows = okx(&world, "market/tickers?instType=SPOT").await.json();
    assert_eq!(rows["data"].as_array().unwrap().len(), listed(Exchange::Okx));

    // One market: the exchanges differ by basis points.
    let prices = [figure(&one["lastPrice"]), figure(&row["lastPrice"]), figure(&rows["data"][0]["last"])];
    for price in prices {
        assert_close(price / prices[0], 1.0, 0.003);
    }
    assert_ne!(prices[0].to_bits(), prices[1].to_bits());
}

#[tokio::test(start_paused = true)]
async fn candles_have_each_exchanges_order_and_form() {
    let world = World::start();
    tokio::time::sleep(30 * SECOND).await;
    let rows = binance(&world, "klines?symbol=BTCUSDT&interval=1h&limit=24").await.json();
    let rows = rows.as_array().unwrap();
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (24, 12));
    let starts: Vec<i64> = rows.iter().map(|row| row[0].as_i64().unwrap()).collect();
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == 3_600_000) && starts[23] == NOON, "oldest first");
    assert!(rows.windows(2).all(|pair| pair[0][4] == pair[1][1]), "each opens where the last closed");
    let ticker = binance(&world, "ticker/24hr?symbol=BTCUSDT").await.json();
    assert_eq!(rows[23][4], ticker["lastPrice"]);

    let part =
        binance(&world, &format!("klines?symbol=BTCUSDT&interval=1h&startTime={}&limit=3", NOON - 7_200_001)).await;
    assert_eq!(part.json()[0][0], NOON - 7_200_000);
    let part = binance(&world, &format!("klines?symbol=BTCUSDT&interval=1h&endTime={}&limit=3", NOON - 1)).await.json();
    assert_eq!((part.as_array().unwrap().len(), &part[2][0]), (3, &json!(NOON - 3_600_000)));

    let list = bybit(&world, "kline?category=spot&symbol=BTCUSDT&interval=60&limit=24").await["result"]["list"].clone();
    assert_eq!((&list[0][0], list.as_array().unwrap().len()), (&json!(NOON.to_string()), 24));
    assert_eq!(list[0].as_array().unwrap().len(), 7);
    assert_eq!(bybit(&world, "kline?category=spot&symbol=BTCUSDT&interval=7").await["retCode"], 10001);
    assert_eq!(bybit(&world, "kline?symbol=BTCUSDT&interval=1").await["retCode"], 10001, "no category is linear");

    let list = okx(&world, "market/candles?instId=BTC-USDT&bar=1H&limit=24").await.json()["data"].clone();
    assert_eq!((&list[0][0], &list[0][8], &list[1][8]), (&json!(NOON.to_string()), &json!("0"), &json!("1")));
    let older =
        okx(&world, &format!("market/history-candles?instId=BTC-USDT&bar=1H&after={NOON}&limit=2")).await.json();
    assert_eq!(older["data"][0], list[1]);
    let day = okx(&world, "market/candles?instId=BTC-USDT&bar=1D&limit=1").await.json();
    assert_eq!(day["data"][0][0], (NOON - 20 * 3_600_000).to_string(), "days start at 16:00 UTC");
    let reach = okx(&world, "market/candles?instId=BTC-USDT&bar=1m&after=1700000000000").await.json();
    assert_eq!(reach["data"], json!([]), "candles reach back 1440");
}

#[tokio::test(start_paused = true)]
async fn errors_are_in_each_exchanges_form() {
    let world = World::start();
    for (path, code) in [
        ("ticker/24hr?symbol=NOPEUSDT", -1121),
        ("ticker/24hr?symbol=btcusdt", -1100),
        ("ticker/24hr?symbols=[%22BTCUSDT%22,%20%22ETHUSDT%22]", -1100),
        ("ticker/24hr?symbol=BTCUSDT&symbols=[%22BTCUSDT%22]", -1128),
        ("klines?interval=1m", -1102),
        ("klines?symbol=BTCUSDT", -1102),
        ("klines?symbol=BTCUSDT&interval=7m", -1120),
        ("klines?symbol=BTCUSDT&interval=1m&limit=x", -1100),
    ] {
        let answer = binance(&world, path).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_i64()), (400, Some(code)), "{path}");
    }
    assert_eq!(binance(&world, "nothing").await.status, 404);
    let refusal = bybit(&world, "tickers?category=spot&symbol=NOPEUSDT").await;
    assert_eq!((&refusal["retCode"], &refusal["retMsg"]), (&json!(10001), &json!("Not supported symbols")));
    for (path, status, code) in [
        ("market/ticker?instId=NOPE-USDT", 200, "51001"),
        ("market/ticker", 400, "50014"),
        ("market/tickers?instType=WEATHER", 400, "51000"),
        ("market/candles?instId=BTC-USDT&bar=7m", 400, "51000"),
    ] {
        let answer = okx(&world, path).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn times_trades_and_books() {
    let world = World::start();
    assert_eq!(binance(&world, "time").await.json()["serverTime"], NOON);
    assert_eq!(bybit(&world, "time").await["result"]["timeSecond"], (NOON / 1000).to_string());
    assert_eq!(okx(&world, "public/time").await.json()["data"][0]["ts"], NOON.to_string());
    assert_eq!(binance(&world, "ping").await.json(), json!({}));

    let trades = binance(&world, "trades?symbol=BTCUSDT&limit=50").await.json();
    let ids: Vec<i64> = trades.as_array().unwrap().iter().map(|t| t["id"].as_i64().unwrap()).collect();
    assert!(ids.len() == 50 && ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    let from = ids[10];
    let page = binance(&world, &format!("aggTrades?symbol=BTCUSDT&fromId={from}&limit=5")).await.json();
    assert_eq!((page.as_array().unwrap().len(), &page[0]["a"], &page[0]["p"]), (5, &json!(from), &trades[10]["price"]));
    let start = trades[20]["time"].as_i64().unwrap();
    let page = binance(&world, &format!("aggTrades?symbol=BTCUSDT&startTime={start}")).await.json();
    assert_eq!(page[0]["T"], start);

    let trades = bybit(&world, "recent-trade?category=spot&symbol=BTCUSDT&limit=5").await;
    assert_eq!(trades["result"]["list"].as_array().unwrap().len(), 5);
    let trades = okx(&world, "market/trades?instId=BTC-USDT&limit=5").await.json();
    let older = okx(
        &world,
        &format!("market/history-trades?instId=BTC-USDT&after={}", trades["data"][4]["tradeId"].as_str().unwrap()),
    )
    .await;
    assert_ne!(older.json()["data"][0]["tradeId"], trades["data"][4]["tradeId"]);

    let book = binance(&world, "depth?symbol=BTCUSDT&limit=5").await.json();
    assert_eq!(book["bids"].as_array().unwrap().len(), 5);
    let book = bybit(&world, "orderbook?category=spot&symbol=BTCUSDT&limit=50").await;
    assert_eq!(book["result"]["a"].as_array().unwrap().len(), 50);
    let book = okx(&world, "market/books?instId=BTC-USDT&sz=400").await.json();
    assert_eq!(book["data"][0]["bids"].as_array().unwrap().len(), 400);
}

#[tokio::test(start_paused = true)]
async fn weights_are_counted_then_refused_then_punished() {
    let world = World::start();
    let used = |answer: &Answer| answer.headers["x-mbx-used-weight-1m"].to_str().unwrap().parse::<u32>().unwrap();
    assert_eq!(used(&binance(&world, "ping").await), 1);
    assert_eq!(used(&binance(&world, "ticker/24hr").await), 81);
    assert_eq!(used(&binance(&world, "ticker/24hr?symbols=[%22BTCUSDT%22]").await), 83);
    let mut statuses = Vec::new();
    for _ in 0..90 {
        let answer = binance(&world, "ticker/24hr").await;
        if answer.status != 200 {
            assert!(answer.headers.contains_key("retry-after"));
        }
        statuses.push(answer.status.as_u16());
    }
    statuses.dedup();
    assert_eq!(statuses, [200, 429, 418]);
    tokio::time::sleep(61 * SECOND).await;
    assert_eq!(binance(&world, "ping").await.status, 200);

    for _ in 0..20 {
        assert_eq!(okx(&world, "market/tickers?instType=SPOT").await.status, 200);
    }
    assert_eq!(okx(&world, "market/tickers?instType=SPOT").await.status, 429);
    for _ in 0..600 {
        bybit(&world, "time").await;
    }
    assert_eq!(get(&world.router, "/bybit/v5/market/time").await.status, 403);
}
