// From the rate at which a browser records to the one we send: each new sample is the mean of the stretch it stands for, so that what
// is too high for the new rate does not come back as noise. Keeps what is left over for the next block.

export interface Resampler {
  /** The new samples that this block completes. */
  push(block: Float32Array): Float32Array;
}

export function createResampler(from: number, to: number): Resampler {
  const step = from / to;
  let sum = 0;
  let weight = 0;
  return {
    push(block) {
      if (from === to) return block;
      const made: number[] = [];
      for (const sample of block) {
        // One old sample may be a part of two new ones, or of several where the old rate is the lower.
        let left = 1;
        while (left > 0) {
          const taken = Math.min(left, step - weight);
          sum += sample * taken;
          weight += taken;
          left -= taken;
          if (step - weight > 1e-9) break;
          made.push(sum / step);
          sum = 0;
          weight = 0;
          if (left <= 1e-9) break;
        }
      }
      return Float32Array.from(made);
    },
  };
}
