// Reads the PNG files that Chromium writes (8 bits a channel, RGB or RGBA, not interlaced), and how well a picture can be read.
import { inflateSync } from "node:zlib";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** How many pixels have each colour, as 0xRRGGBB. */
  readonly colours: ReadonlyMap<number, number>;
}

const CHANNELS: ReadonlyMap<number, number> = new Map([
  [2, 3],
  [6, 4],
]);

/** @throws Error for any other file. */
export function decodePng(file: Buffer): Picture {
  if (file.toString("latin1", 1, 4) !== "PNG") throw new Error("this is not a PNG file");
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const channels = CHANNELS.get(file[25] ?? -1);
  if (file[24] !== 8 || channels === undefined || file[28] !== 0) throw new Error("a PNG of a kind not read here");
  const data: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT")
      data.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const lines = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const colours = new Map<number, number>();
  for (let at = 0; at < lines.length; at += channels) {
    const colour = lines.readUIntBE(at, 3);
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  return { width, height, colours };
}

/** PNG 9: every line says how its bytes were foretold from their neighbours. */
function unfilter(filtered: Buffer, stride: number, height: number, channels: number): Buffer {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const kind = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? (out[y * stride + x - channels] ?? 0) : 0;
      const up = y > 0 ? (out[(y - 1) * stride + x] ?? 0) : 0;
      const upLeft = y > 0 && x >= channels ? (out[(y - 1) * stride + x - channels] ?? 0) : 0;
      const foretold = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][kind ?? -1];
      if (foretold === undefined) throw new Error("an unknown filter");
      out[y * stride + x] = ((filtered[y * (stride + 1) + 1 + x] ?? 0) + foretold) & 0xff;
    }
  }
  return out;
}

function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft;
  const [toLeft, toUp, toUpLeft] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/** Relative luminance, 0 to 1 (WCAG 2). */
function luminance(colour: number): number {
  const [red, green, blue] = [colour >> 16, (colour >> 8) & 0xff, colour & 0xff].map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

/** The colour of most pixels, and how many others stand out from it by at least this contrast (WCAG 2: 7 is enhanced). */
export function legibility({ colours }: Picture, contrast: number): { readonly ground: number; readonly ink: number } {
  const [[ground] = [0]] = [...colours].sort(([, one], [, other]) => other - one);
  const below = luminance(ground);
  let ink = 0;
  for (const [colour, count] of colours) {
    const own = luminance(colour);
    if ((Math.max(own, below) + 0.05) / (Math.min(own, below) + 0.05) >= contrast) ink += count;
  }
  return { ground, ink };
}
