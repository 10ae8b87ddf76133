// The candle chart as a custom element: it draws what its properties hold.
//
//   decimals  digits of the price scale
//   candles   [[seconds, open, high, low, close, volume], …], oldest first; replaces everything
//   candle    one such row: changes the last candle, or adds one
//   marks     [[seconds, breaking, title], …]: stories, shown at the candles that they fall into
//
// It dispatches `load` after the first drawing and `error` when the drawing library can't be had. The library comes
// with the first candles, not before. Colors are those of the page's theme, followed as it changes.

const LIBRARY = "/vendor/lightweight-charts.js";

let library;
let failures = 0;

/** The drawing library, fetched once. It comes as a module or, from its standalone build, as a global. */
async function drawing() {
  // A browser may remember a failed import: another try needs another address.
  library ??= import(failures ? `${LIBRARY}?attempt=${failures}` : LIBRARY);
  try {
    const module = await library;
    return module.createChart ? module : globalThis.LightweightCharts;
  } catch (error) {
    library = undefined;
    failures += 1;
    throw error;
  }
}

function palette() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  return {
    text: color("--mute"),
    line: color("--line"),
    up: color("--up"),
    down: color("--down"),
    upWash: color("--up-wash"),
    downWash: color("--down-wash"),
    label: color("--label"),
    story: color("--accent"),
    breaking: color("--down"),
  };
}

const toCandle = ([time, open, high, low, close]) => ({ time, open, high, low, close });

/** Titles of one candle that the legend has room for. */
const TITLES = 3;

class MarketChart extends HTMLElement {
  #candles = [];
  #marks = [];
  /** The stories of each candle that has any, by the candle's time. */
  #stories = new Map();
  #markers;
  #decimals = 2;
  #chart;
  #prices;
  #volumes;
  #colors;
  #legend;
  #drawing;
  #watch;
  /** Seconds between two candles of what is shown. */
  #step;
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #onScheme = () => this.setTheme();

  connectedCallback() {
    // Properties that were set before this script came are picked up now.
    for (const name of ["decimals", "candles", "candle", "marks"]) {
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }
    this.#watch = new MutationObserver(() => this.setTheme());
    this.#watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#scheme.addEventListener("change", this.#onScheme);
  }

  disconnectedCallback() {
    this.#watch?.disconnect();
    this.#scheme.removeEventListener("change", this.#onScheme);
    this.#chart?.remove();
    this.#chart = undefined;
    this.#markers = undefined;
    this.#drawing = undefined;
  }

  set decimals(value) {
    this.#decimals = value;
    this.#prices?.applyOptions(this.#format());
  }

  set candles(rows) {
    this.#candles = rows;
    this.#draw();
  }

  set candle(row) {
    const last = this.#candles.at(-1);
    if (last && row[0] < last[0]) return;
    if (last && row[0] === last[0]) this.#candles[this.#candles.length - 1] = row;
    else this.#candles.push(row);
    this.#prices?.update(toCandle(row));
    this.#volumes?.update(this.#toVolume(row));
    if (row[0] !== last?.[0]) this.#mark();
  }

  set marks(rows) {
    this.#marks = rows;
    this.#mark();
  }

  /** Takes the colors of the page anew. */
  setTheme() {
    if (!this.#chart) return;
    this.#colors = palette();
    this.#chart.applyOptions(this.#options());
    this.#prices.applyOptions(this.#series());
    this.#volumes.setData(this.#candles.map((row) => this.#toVolume(row)));
    this.#mark();
  }

  async #draw() {
    try {
      this.#drawing ??= this.#mount();
      await this.#drawing;
    } catch (error) {
      this.#drawing = undefined;
      console.warn("the chart could not be drawn:", error);
      this.dispatchEvent(new Event("error", { bubbles: true }));
      return;
    }
    if (!this.#chart) return;
    this.#prices.setData(this.#candles.map(toCandle));
    this.#volumes.setData(this.#candles.map((row) => this.#toVolume(row)));
    this.#mark();
    const step = this.#candles[1]?.[0] - this.#candles[0]?.[0];
    // The same interval again, after a reconnection: the visitor's position in it stays.
    if (step !== this.#step) {
      this.#step = step;
      const shown = Math.max(40, Math.round(this.clientWidth / 9));
      const count = this.#candles.length;
      this.#chart.timeScale().setVisibleLogicalRange({ from: count - shown, to: count + 3 });
    }
    this.dispatchEvent(new Event("load", { bubbles: true }));
  }

  async #mount() {
    const { createChart, createSeriesMarkers, CandlestickSeries, HistogramSeries } = await drawing();
    if (!this.isConnected) return;
    this.#colors = palette();
    this.#chart = createChart(this, { autoSize: true, ...this.#options() });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.#prices = this.#chart.addSeries(CandlestickSeries, { ...this.#series(), ...this.#format() });
    this.#prices.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } });
    this.#markers = createSeriesMarkers(this.#prices, []);
    this.#legend = document.createElement("div");
    this.#legend.className = "chart-legend";
    this.append(this.#legend);
    this.#chart.subscribeCrosshairMove(({ seriesData }) => this.#tell(seriesData.get(this.#prices)));
  }

  /** Puts each story at the candle that was open at its time: a ring, or a square where one is breaking. */
  #mark() {
    if (!this.#markers) return;
    const starts = this.#candles.map(([time]) => time);
    const step = starts[1] - starts[0];
    this.#stories = new Map();
    for (const story of this.#marks) {
      const start = starts.findLast((time) => time <= story[0]);
      // Neither before the first candle nor in a gap without any.
      if (start === undefined || story[0] >= start + step) continue;
      this.#stories.set(start, [...(this.#stories.get(start) ?? []), story]);
    }
    const { story, breaking } = this.#colors;
    const marks = [...this.#stories].sort(([a], [b]) => a - b);
    this.#markers.setMarkers(
      marks.map(([time, stories]) => {
        const isBreaking = stories.some((row) => row[1]);
        return {
          time,
          position: "belowBar",
          shape: isBreaking ? "square" : "circle",
          color: isBreaking ? breaking : story,
          text: stories.length > 1 ? String(stories.length) : "",
        };
      }),
    );
    this.dataset.marks = String(marks.length);
  }

  /** Open, high, low and close of the candle under the pointer. */
  #tell(candle) {
    const text = (value) => this.#text(value);
    const figures = candle && `O ${text(candle.open)}  H ${text(candle.high)}  L ${text(candle.low)}  C ${text(candle.close)}`;
    const titles = (candle && this.#stories.get(candle.time)?.slice(0, TITLES).map(([, , title]) => title)) ?? [];
    this.#legend.textContent = [figures, ...titles].filter(Boolean).join("\n");
  }

  /** A price as the page writes it: grouped, with the asset's decimals. */
  #text(value) {
    const digits = this.#decimals;
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  #toVolume([time, open, , , close, value]) {
    return { time, value, color: close < open ? this.#colors.downWash : this.#colors.upWash };
  }

  #format() {
    return { priceFormat: { type: "price", precision: this.#decimals, minMove: 10 ** -this.#decimals } };
  }

  #series() {
    const { up, down } = this.#colors;
    return {
      upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
    };
  }

  #options() {
    const { text, line, label } = this.#colors;
    return {
      layout: {
        background: { type: "solid", color: "transparent" },
        textColor: text,
        fontFamily: '"Inter Variable", "Inter Fallback", system-ui, sans-serif',
        fontSize: 11,
        // The page carries the attribution as text; the logo would bring an inline style.
        attributionLogo: false,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: line } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false },
      crosshair: {
        vertLine: { color: text, width: 1, style: 3, labelBackgroundColor: label },
        horzLine: { color: text, width: 1, style: 3, labelBackgroundColor: label },
      },
      localization: { locale: "en-US", priceFormatter: (value) => this.#text(value) },
      handleScroll: { vertTouchDrag: false },
    };
  }
}

if (!customElements.get("market-chart")) customElements.define("market-chart", MarketChart);
