// Files that people write for this program, in YAML or JSON, which is a part of it: read without surprises, every mistake told with
// the line it stands in.
import { parseDocument, visit } from "yaml";

export type Read =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problems: readonly string[] };

/** More than anybody writes by hand, and too few to blow a small file up. */
const MOST_ALIASES = 100;

export function readYaml(text: string): Read {
  const document = parseDocument(text, { uniqueKeys: true });
  // An unknown tag is only a warning there; here it is something that would be silently not what it says.
  const wrong = [...document.errors, ...document.warnings].map(({ message }) => plain(message));
  if (wrong.length > 0) return { ok: false, problems: wrong };
  visit(document, {
    // A phone number without quotes would be a count without its plus.
    Scalar(_, node) {
      if (typeof node.value === "number" && node.source?.startsWith("+")) node.value = node.source;
    },
  });
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch (error) {
    return { ok: false, problems: [plain(error instanceof Error ? error.message : String(error))] };
  }
}

/** The parser's own message without the piece of the file it shows below. */
function plain(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/:$/, "");
}
