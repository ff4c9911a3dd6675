// The frame around every view: who is logged in, where one can go, light or dark.
import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";
import { Login } from "./login.tsx";
import { followLink, view } from "./history.ts";
import { Icon } from "./icons.tsx";
import { Notices } from "./notices.tsx";
import { tabOf, TABS, type View } from "./routes.ts";
import { findOut, logOut, me, trouble } from "./session.ts";
import { isDark, switchTheme, theme } from "./theme.ts";
import { Live } from "../live/live-view.tsx";

export function App() {
  useEffect(() => {
    document.addEventListener("click", followLink);
    void findOut();
    return () => document.removeEventListener("click", followLink);
  }, []);
  if (trouble.value !== undefined) return <Unreachable />;
  if (me.value === undefined)
    return (
      <p class="waiting" role="status">
        Loading …
      </p>
    );
  if (me.value === null || view.value.name === "login") return <Login />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <Current view={view.value} />
      </main>
      <Notices />
    </>
  );
}

function Header() {
  const current = tabOf(view.value);
  void theme.value;
  return (
    <header class="bar">
      <a class="brand" href="/">
        <Icon name="waves" />
        <span>Voicebridge</span>
      </a>
      <nav aria-label="Views">
        {TABS.map(({ view: name, path, label }) => (
          <a key={name} href={path} aria-current={name === current ? "page" : undefined}>
            <Icon name={name} />
            <span>{label}</span>
          </a>
        ))}
      </nav>
      <div class="who">
        <span class="name" title={`Role: ${me.value?.role ?? ""}`}>
          {me.value?.name}
        </span>
        <button
          type="button"
          class="quiet icon"
          onClick={switchTheme}
          aria-label={isDark() ? "Light theme" : "Dark theme"}
        >
          <Icon name={isDark() ? "sun" : "moon"} />
        </button>
        <button type="button" class="quiet icon" onClick={() => void logOut()} aria-label="Log out">
          <Icon name="leave" />
        </button>
      </div>
    </header>
  );
}

/** Views that are not the first to be seen are loaded when they are asked for. */
const LATER: Partial<Record<View["name"], () => Promise<ComponentType<never>>>> = {
  calls: async () => (await import("../calls/calls-view.tsx")).Calls,
  call: async () => (await import("../calls/call-view.tsx")).Call,
  talk: async () => (await import("../talk/talk-view.tsx")).Talk,
  organization: async () => (await import("../organization/organization-view.tsx")).Organization,
  system: async () => (await import("../health/health-view.tsx")).Health,
};
const loaded = new Map<string, ComponentType<never>>();

function Current({ view }: { readonly view: View }) {
  const load = LATER[view.name];
  const [, setCount] = useState(0);
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    if (!load || loaded.has(view.name)) return;
    setFailed(undefined);
    load().then(
      (component) => {
        loaded.set(view.name, component);
        setCount((count) => count + 1);
      },
      () => setFailed("This view could not be loaded. Is there a newer version? Reload the page."),
    );
  }, [view.name]);
  if (view.name === "live") return <Live {...(view.callId !== undefined && { callId: view.callId })} />;
  if (!load) return <Nothing />;
  const Component = loaded.get(view.name) as ComponentType<object> | undefined;
  if (Component) return <Component {...view} />;
  return failed ? (
    <p class="empty" role="alert">
      {failed}
    </p>
  ) : (
    <p class="waiting" role="status">
      Loading …
    </p>
  );
}

function Nothing() {
  return (
    <section class="empty">
      <h1>There is nothing here</h1>
      <p>
        <a href="/">To the live calls</a>
      </p>
    </section>
  );
}

function Unreachable() {
  return (
    <main class="alone">
      <h1>Voicebridge</h1>
      <p role="alert">{trouble.value}</p>
      <button type="button" class="main" onClick={() => void findOut()}>
        Try again
      </button>
    </main>
  );
}
