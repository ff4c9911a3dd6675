// npm run bench -- page: how soon the page can be used, in Debian's Chromium on this machine: from the navigation to the first click that
// is answered, and how much comes over the wire for it. Every load is a browser's first: nothing is in its cache.
import { chromium, type Browser } from "playwright-core";
import { percentile, text } from "./numbers.ts";
import type { FarSides } from "./relay.ts";
import { API_KEY, startService } from "./subject.ts";

const CHROMIUM = "/usr/bin/chromium";
const WAIT_MS = 30_000;

/** The views that a person comes to by address, and what of each has to be there and usable. */
const VIEWS = [
  { view: "live", path: "/", landmark: ".count" },
  { view: "talk", path: "/realtime_client.html", landmark: "button.main:not(:disabled)" },
] as const;

export interface PageLoad {
  /** ms since the navigation began. */
  readonly firstPaint: number;
  /** The view is there, and a click on a button of the page was answered. */
  readonly interactive: number;
  /** Index, scripts and style sheets as they came over the wire, and the heads of those answers, bytes. */
  readonly bodies: number;
  readonly heads: number;
}

export interface PageReport {
  readonly loads: readonly { readonly view: string; readonly samples: readonly PageLoad[] }[];
}

/**
 * Runs in the page, before anything of it: as soon as the view is there, the button for the theme is pressed, and the time is told
 * at which the page shows the other theme.
 */
const watch = (landmark: string): string => `
  window.usable = new Promise((resolve) => {
    let pressed = false;
    const answered = () => document.documentElement.dataset.theme !== undefined;
    const look = () => {
      if (pressed) return answered() && resolve(performance.now());
      const button = document.querySelector('button[aria-label$=" theme"]');
      if (!button || !document.querySelector(${JSON.stringify(landmark)})) return;
      pressed = true;
      button.click();
      look();
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  });`;

async function load(browser: Browser, url: string, path: string, landmark: string): Promise<PageLoad> {
  const context = await browser.newContext();
  try {
    context.setDefaultTimeout(WAIT_MS);
    // Logged in before: the session is a cookie.
    const answer = await context.request.post(`${url}/login`, { data: { key: API_KEY } });
    if (!answer.ok()) throw new Error(`the page's login: ${answer.status()}`);
    const page = await context.newPage();
    const sizes: Promise<{ readonly body: number; readonly heads: number }>[] = [];
    page.on("requestfinished", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname !== path && !pathname.startsWith("/assets/")) return;
      const size = request.sizes().then(({ responseBodySize: body, responseHeadersSize: heads }) => ({ body, heads }));
      // Of one that comes after it was counted up, when the page is closed already, nobody asks.
      size.catch(() => undefined);
      sizes.push(size);
    });
    await page.addInitScript(watch(landmark));
    await page.goto(`${url}${path}`);
    const interactive = await page.evaluate<number>("window.usable");
    const firstPaint = await page.evaluate<number>(
      `new Promise((resolve) => new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") resolve(startTime);
      }).observe({ type: "paint", buffered: true }))`,
    );
    const all = await Promise.all(sizes);
    const sum = (name: "body" | "heads"): number => all.reduce((total, one) => total + one[name], 0);
    return { interactive, firstPaint, bodies: sum("body"), heads: sum("heads") };
  } finally {
    await context.close();
  }
}

export async function benchPage({ modelPort }: FarSides, loads: number, main: { main?: string }): Promise<PageReport> {
  const settings = { API_KEYS: `bench:admin:${API_KEY}`, RATE_LIMIT_PER_MINUTE: "100000" };
  const service = await startService({ modelPort, settings, ...main });
  try {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const report: { view: string; samples: PageLoad[] }[] = [];
      for (const { view, path, landmark } of VIEWS) {
        // The first starts the browser's processes and compiles the server's code.
        await load(browser, service.target.url, path, landmark);
        const samples: PageLoad[] = [];
        for (let n = 0; n < loads; n++) samples.push(await load(browser, service.target.url, path, landmark));
        report.push({ view, samples });
      }
      return { loads: report };
    } finally {
      await browser.close();
    }
  } finally {
    await service.close();
  }
}

export function pageLines({ loads }: PageReport): readonly string[] {
  return loads.flatMap(({ view, samples }) => {
    const of = (name: keyof PageLoad): string => {
      const values = samples.map((one) => one[name]);
      return [0.5, 0.95, 1].map((share) => text(percentile(values, share), 0)).join(" / ");
    };
    const slowest = Math.max(...samples.map(({ interactive }) => interactive));
    return [
      `the page, ${view}: ${samples.length} first loads, p50 / p95 / slowest`,
      `  first contentful paint, ms                     ${of("firstPaint")}`,
      `  a click is answered, ms                        ${of("interactive")}  target 1000 ms: ${slowest <= 1000 ? "met" : "NOT met"}`,
      `  over the wire, compressed, bytes               ${of("bodies")}`,
      `  heads of the answers, bytes                    ${of("heads")}`,
    ];
  });
}
