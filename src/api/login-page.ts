// The plain page on which a person gives a key for a session. It works without a script; the one it has takes a key out of the
// address (/login#KEY, a part that no browser sends to anybody) so that a link can log in.
import { createHash } from "node:crypto";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem;color:#222}" +
  "input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.3rem 0}";

const SCRIPT =
  "const key=decodeURIComponent(location.hash.slice(1));" +
  "if(key){history.replaceState(null,'','/login');" +
  "document.getElementById('key').value=key;document.forms[0].submit()}";

const digest = (text: string): string => createHash("sha256").update(text).digest("base64");

/** Nothing but this very style and script; the form goes to us alone. */
export const LOGIN_CSP =
  `default-src 'none'; style-src 'sha256-${digest(STYLE)}'; script-src 'sha256-${digest(SCRIPT)}'; ` +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function loginPage(): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Voicebridge: log in</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>` +
    `<body><h1>Voicebridge</h1><form method="post" action="/login"><label for="key">Key</label>` +
    `<input id="key" name="key" type="password" required maxlength="256" autocomplete="current-password">` +
    `<button>Log in</button></form><script>${SCRIPT}</script></body></html>`
  );
}
