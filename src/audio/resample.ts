/**
 * Sample-rate conversion by any rational ratio with a Kaiser-windowed-sinc polyphase filter, as a stream with state across chunks
 * or in one shot. It low-passes below the lower of the two Nyquist rates, so nothing aliases that could be heard.
 */

export interface Resampler {
  /** Takes any number of samples at the input rate and returns those now computable at the output rate. */
  push(samples: Int16Array): Int16Array;
  /** The same without a new array: writes them to `output`, which must have room for them, and returns how many there are. */
  into(samples: Int16Array, output: Int16Array): number;
  /** As many as these samples can bring about, with those that came before. */
  most(samples: number): number;
  /** The tail: what was held back for the filter's look-ahead. The resampler starts afresh afterwards. */
  flush(): Int16Array;
}

export interface Filter {
  /** Zero crossings of the sinc on each side, counted at the lower rate: the look-ahead, and with `beta` the transition band. */
  readonly crossings: number;
  /** Cut-off as a share of the lower Nyquist rate. */
  readonly cutoff: number;
  /** Of the Kaiser window: the larger, the quieter the stop band, and the wider the way to it. */
  readonly beta: number;
}

/** For recordings and files: 80 dB of stop band, 2 ms of look-ahead at 8 kHz. */
export const FINE: Filter = { crossings: 16, cutoff: 0.9, beta: 7.86 };
/**
 * For telephone sound that somebody waits for: 1.25 ms. Flat to 3.2 kHz, 0.8 dB less at 3.4 kHz (1.8 of FINE); 48 dB down from 4.4 kHz
 * on, below the noise of mu-law itself, which lies some 38 dB under the speech.
 */
export const LINE: Filter = { crossings: 10, cutoff: 0.94, beta: 4.5 };

interface Bank {
  readonly up: number;
  readonly down: number;
  /** Taps per phase; output k of phase p is the dot product of `phases[p]` with `taps` consecutive input samples. */
  readonly taps: number;
  readonly phases: readonly Float64Array[];
}

const banks = new Map<Filter, Map<string, Bank>>();

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function makeBank(from: number, to: number, filter: Filter): Bank {
  const divisor = gcd(from, to);
  const up = to / divisor;
  const down = from / divisor;
  // Everything below is measured in input samples. At the lower rate one sample lasts `stretch` of them.
  const stretch = Math.max(1, from / to);
  const half = Math.ceil(filter.crossings * stretch);
  const taps = 2 * half;
  const cutoff = filter.cutoff / stretch;
  const phases = Array.from({ length: up }, (_, phase) => {
    const row = new Float64Array(taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      // Distance from this tap's input sample to the wanted instant.
      const x = k - (half - 1) - phase / up;
      const edge = x / half;
      if (Math.abs(edge) >= 1) continue;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      row[k] = sinc * (besselI0(filter.beta * Math.sqrt(1 - edge * edge)) / besselI0(filter.beta));
      sum += row[k] as number;
    }
    // Each phase passes direct current at exactly one, so a constant does not ripple from phase to phase.
    return row.map((tap) => tap / sum);
  });
  return { up, down, taps, phases };
}

function bankFor(from: number, to: number, filter: Filter): Bank {
  const ofFilter = banks.get(filter) ?? new Map<string, Bank>();
  banks.set(filter, ofFilter);
  const key = `${from}:${to}`;
  const bank = ofFilter.get(key) ?? makeBank(from, to, filter);
  ofFilter.set(key, bank);
  return bank;
}

/** Input samples filtered in one go; what is longer goes in several. */
const BLOCK = 1024;
/** Outputs computed side by side. */
const WIDE = 8;

// Shared by all resamplers, because nothing in them outlives a call: a hundred talks at once would else have a cold one each.
/** What is filtered, as wide as it is computed with. */
let held = new Float64Array(0);
let made = new Int16Array(0);

const clipped = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value)));

/**
 * `count` outputs of one phase, `down` inputs and `up` outputs from each other. Eight at once: a tap is read once for all of them, and
 * their sums do not wait for each other, which takes a third of the time of one after the other. The last of them may lie beyond
 * `count`; they are of whatever stood there.
 */
function filterPhase(row: Float64Array, first: number, at: number, count: number, { up, down }: Bank): void {
  const taps = row.length;
  // Looked up once: the compiler cannot know that nobody puts others in their place.
  const input = held;
  const output = made;
  for (let j = 0; j < count; j += WIDE) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    let g = 0;
    let h = 0;
    let from = first + j * down;
    for (let k = 0; k < taps; k++, from++) {
      const tap = row[k] as number;
      a += tap * (input[from] as number);
      b += tap * (input[from + down] as number);
      c += tap * (input[from + 2 * down] as number);
      d += tap * (input[from + 3 * down] as number);
      e += tap * (input[from + 4 * down] as number);
      f += tap * (input[from + 5 * down] as number);
      g += tap * (input[from + 6 * down] as number);
      h += tap * (input[from + 7 * down] as number);
    }
    const to = at + j * up;
    output[to] = clipped(a);
    output[to + up] = clipped(b);
    output[to + 2 * up] = clipped(c);
    output[to + 3 * up] = clipped(d);
    output[to + 4 * up] = clipped(e);
    output[to + 5 * up] = clipped(f);
    output[to + 6 * up] = clipped(g);
    output[to + 7 * up] = clipped(h);
  }
}

/**
 * A streaming resampler from `from` Hz to `to` Hz for 16-bit mono samples. Output is aligned with input (no added delay in
 * sample positions; the look-ahead only holds back the last samples until more input or `flush`).
 * @throws RangeError when a rate is not a positive integer.
 */
export function createResampler(from: number, to: number, filter: Filter = FINE): Resampler {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate <= 0) throw new RangeError(`not a sample rate in Hz: ${rate}`);
  }
  const bank = bankFor(from, to, filter);
  const { up, down, taps, phases } = bank;
  const half = taps / 2;
  const mostMade = Math.ceil(((BLOCK + taps) * up) / down);

  /** The input that outputs to come need, `length` of it; positions before zero are silence. */
  const kept = new Int16Array(taps);
  let length = half - 1;
  /** The next output is of this phase, and its first input is `kept[0]`. */
  let phase = 0;
  let received = 0;
  let produced = 0;

  /** Filters a block of input that has become `total` samples of `held`; at most `most` outputs, which stand in `made`. */
  function filterBlock(total: number, most: number): number {
    const count = Math.max(0, Math.min(most, Math.ceil(((total - taps + 1) * up - phase) / down)));
    for (let first = 0; first < up && first < count; first++) {
      const position = phase + first * down;
      const row = phases[position % up] as Float64Array;
      filterPhase(row, Math.floor(position / up), first, Math.ceil((count - first) / up), bank);
    }
    const next = phase + count * down;
    const done = Math.floor(next / up);
    phase = next % up;
    length = total - done;
    for (let k = 0; k < length; k++) kept[k] = held[done + k] as number;
    return count;
  }

  function into(samples: Int16Array, output: Int16Array, most: number): number {
    if (held.length < taps + BLOCK + WIDE * down) held = new Float64Array(taps + BLOCK + WIDE * down);
    if (made.length < mostMade + WIDE * up) made = new Int16Array(mostMade + WIDE * up);
    let count = 0;
    for (let at = 0; at < samples.length; at += BLOCK) {
      const size = Math.min(BLOCK, samples.length - at);
      for (let k = 0; k < length; k++) held[k] = kept[k] as number;
      for (let k = 0; k < size; k++) held[length + k] = samples[at + k] as number;
      const more = filterBlock(length + size, most - count);
      for (let k = 0; k < more; k++) output[count + k] = made[k] as number;
      count += more;
    }
    produced += count;
    return count;
  }

  /** All that there can be of what was received, and so many more. */
  const most = (more: number): number => Math.ceil(((received + more) * up) / down) - produced;

  function take(samples: Int16Array, output: Int16Array): number {
    const limit = most(samples.length);
    received += samples.length;
    return into(samples, output, limit);
  }

  return {
    push(samples) {
      if (from === to) return samples.slice();
      const output = new Int16Array(most(samples.length));
      return output.subarray(0, take(samples, output));
    },
    into(samples, output) {
      if (from !== to) return take(samples, output);
      output.set(samples);
      return samples.length;
    },
    most: (samples) => (from === to ? samples : most(samples)),
    flush() {
      if (from === to) return new Int16Array(0);
      const tail = new Int16Array(most(0));
      const count = into(new Int16Array(half + 1), tail, tail.length);
      kept.fill(0);
      length = half - 1;
      phase = received = produced = 0;
      return tail.subarray(0, count);
    },
  };
}

/** Converts a whole recording from `from` Hz to `to` Hz; the result has ceil(length * to / from) samples. */
export function resample(samples: Int16Array, from: number, to: number, filter: Filter = FINE): Int16Array {
  const resampler = createResampler(from, to, filter);
  const body = resampler.push(samples);
  const tail = resampler.flush();
  const whole = new Int16Array(body.length + tail.length);
  whole.set(body);
  whole.set(tail, body.length);
  return whole;
}
