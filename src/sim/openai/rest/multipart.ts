/** Reads a multipart/form-data body: named text fields, repeated ones included, and files with their names and bytes. */
import { Refusal } from "../check.ts";

export interface FormFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

export interface Form {
  fields: Map<string, string[]>;
  files: Map<string, FormFile>;
}

function bad(why: string): Refusal {
  return new Refusal(null, `Could not parse multipart form: ${why}`);
}

/** @throws Refusal when the body is not a multipart form */
export function readForm(raw: Buffer, contentType: string | undefined): Form {
  const found = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "");
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) throw bad("the Content-Type is not multipart/form-data with a boundary.");
  const mark = Buffer.from(`--${boundary}`);
  const form: Form = { fields: new Map(), files: new Map() };
  let at = raw.indexOf(mark);
  if (at < 0) throw bad("the boundary does not occur.");
  for (;;) {
    at += mark.length;
    if (raw.subarray(at, at + 2).toString() === "--") return form;
    const headEnd = raw.indexOf("\r\n\r\n", at);
    const next = raw.indexOf(Buffer.concat([Buffer.from("\r\n"), mark]), at);
    if (headEnd < 0 || next < 0 || headEnd > next) throw bad("a part is not complete.");
    const head = raw.subarray(at, headEnd).toString("utf8");
    const body = raw.subarray(headEnd + 4, next);
    const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) throw bad("a part has no name.");
    const file = /;\s*filename="([^"]*)"/i.exec(head)?.[1];
    if (file === undefined) form.fields.set(name, [...(form.fields.get(name) ?? []), body.toString("utf8")]);
    else {
      const type = /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? "application/octet-stream";
      form.files.set(name, { name: file, type, bytes: new Uint8Array(body) });
    }
    at = next + 2;
  }
}
