// Addresses and the views they name. Pure; going somewhere is in history.ts.

export type View =
  | { readonly name: "live"; readonly callId?: string }
  | { readonly name: "calls" }
  | { readonly name: "call"; readonly callId: string }
  | { readonly name: "talk" }
  | { readonly name: "organization"; readonly orgId?: string }
  | { readonly name: "system" }
  | { readonly name: "login" }
  | { readonly name: "nothing" };

export interface Tab {
  readonly view: View["name"];
  readonly path: string;
  readonly label: string;
}

export const TABS: readonly Tab[] = [
  { view: "live", path: "/", label: "Live" },
  { view: "calls", path: "/calls", label: "Calls" },
  { view: "talk", path: "/talk", label: "Talk" },
  { view: "organization", path: "/organization", label: "Organization" },
  { view: "system", path: "/system", label: "Health" },
];

export function viewOf(path: string): View {
  const [first = "", second, ...more] = path.split("/").slice(1).map(decoded);
  if (more.length > 0) return { name: "nothing" };
  const id = second === "" ? undefined : second;
  switch (first) {
    case "":
      return id === undefined ? { name: "live" } : { name: "nothing" };
    case "live":
      return id === undefined ? { name: "live" } : { name: "live", callId: id };
    case "calls":
      return id === undefined ? { name: "calls" } : { name: "call", callId: id };
    case "organization":
      return id === undefined ? { name: "organization" } : { name: "organization", orgId: id };
    case "talk":
    case "realtime_client.html":
      return id === undefined ? { name: "talk" } : { name: "nothing" };
    case "system":
    case "login":
      return id === undefined ? { name: first } : { name: "nothing" };
    default:
      return { name: "nothing" };
  }
}

/** Which tab is lit: one call's story belongs to the calls. */
export const tabOf = ({ name }: View): View["name"] => (name === "call" ? "calls" : name);

export const titleOf = (view: View): string =>
  view.name === "call" ? "Call" : (TABS.find((tab) => tab.view === view.name)?.label ?? "Voicebridge");

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
