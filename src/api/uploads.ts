// Files that are sent in forms (multipart/form-data): written to a folder of ours as they come, never held in memory, and gone with
// the request they came with. What they really are is not judged here. The only file that knows multer.
import { mkdir, openAsBlob } from "node:fs";
import { rm } from "node:fs/promises";
import type { Request, Response } from "express";
import multer from "multer";
import { Problem } from "../core/problem.ts";

export interface Form {
  /** Fields by name: words, and each file as a File whose bytes are read from the disk whenever they are asked for. */
  readonly body: Readonly<Record<string, string | File>>;
  /** Removes what was written. Never rejects; idempotent. */
  discard(): Promise<void>;
}

export interface Uploads {
  /** @throws Problem 400, 413, 415 or 503, with nothing left behind. */
  read(request: Request, response: Response): Promise<Form>;
  /** Removes what a server that died has left behind. */
  sweep(): Promise<void>;
}

export interface UploadsOptions {
  /** Of this server alone; made when it is needed. */
  readonly dir: string;
  /** Of one file. */
  readonly maxBytes: number;
}

/** Around the file: boundaries, names, other fields. */
const ENVELOPE_BYTES = 128 * 1024;
const FIELD_BYTES = 16 * 1024;
const MOST_FIELDS = 20;

export function createUploads({ dir, maxBytes }: UploadsOptions): Uploads {
  const tooLarge = (): Problem => new Problem(413, `A file may have at most ${maxBytes / 1024 / 1024} MB`);
  const receive = multer({
    storage: multer.diskStorage({
      destination: (_request, _file, done) => {
        mkdir(dir, { recursive: true, mode: 0o700 }, (error) => done(error, dir));
      },
    }),
    limits: {
      fileSize: maxBytes,
      files: 1,
      fields: MOST_FIELDS,
      fieldSize: FIELD_BYTES,
      fieldNameSize: 64,
      fieldNestingDepth: 0,
      parts: MOST_FIELDS + 1,
      headerPairs: 20,
    },
  }).any();

  function problemOf(error: unknown): unknown {
    if (error instanceof Problem) return error;
    if (error instanceof multer.MulterError) {
      if (error.code === "LIMIT_FILE_SIZE") return tooLarge();
      return new Problem(400, `The form does not fit: ${error.message.toLowerCase()}`);
    }
    const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
    // A full disk, or a folder that may not be written to.
    if (syscall !== undefined && code !== "ECONNRESET") {
      return new Problem(503, "The file cannot be kept at the moment", { "Retry-After": "30" }, { cause: error });
    }
    return new Problem(400, "The form is malformed, or ended before it was complete", {}, { cause: error });
  }

  return {
    async read(request, response) {
      if (!request.is("multipart/form-data")) {
        throw new Problem(415, "Send a form: Content-Type: multipart/form-data");
      }
      // Whoever says beforehand that it is too much is told before the first byte of it is read.
      if (Number(request.get("content-length") ?? 0) > maxBytes + ENVELOPE_BYTES) throw tooLarge();
      const files = (): Express.Multer.File[] => (Array.isArray(request.files) ? request.files : []);
      const discard = async (): Promise<void> => {
        await Promise.all(files().map(({ path }) => rm(path, { force: true }).catch(() => undefined)));
      };
      try {
        await new Promise<void>((resolve, reject) => {
          receive(request, response, (error?: unknown) => {
            if (error === undefined || error === null) resolve();
            else reject(error);
          });
        });
        const body: Record<string, string | File> = { ...(request.body as Record<string, string>) };
        for (const { fieldname, originalname, mimetype, path } of files()) {
          body[fieldname] = new File([await openAsBlob(path)], originalname, { type: mimetype });
        }
        return { body, discard };
      } catch (error) {
        await discard();
        throw problemOf(error);
      }
    },
    sweep: () => rm(dir, { recursive: true, force: true }),
  };
}
