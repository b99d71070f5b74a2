// Random numbers of NumPy's `default_rng(seed).random()`, so that a seed gives the same variants here as in the program: `SeedSequence`
// (O'Neill's seed_seq) and PCG64 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
// Generation", 2014).

const MASK = 0xffffffffn;
const MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const POOL = 4; // words of the entropy pool

/** Words of 32 bits of a whole number, the lowest first. */
function wordsOf(number) {
  const words = [];
  for (let left = BigInt(number); left || !words.length; left >>= 32n) words.push(left & MASK);
  return words;
}

/** State words for a generator. @param {bigint[]} entropy  words of 32 bits @param {number} count  words of 64 bits */
function seedWords(entropy, count) {
  let hash = 0x43b0d7e5n;
  const hashed = (value) => {
    let found = (value ^ hash) & MASK;
    hash = (hash * 0x931e8875n) & MASK;
    found = (found * hash) & MASK;
    return found ^ (found >> 16n);
  };
  const mixed = (x, y) => {
    const found = (0xca01f9ddn * x - 0x4973f715n * y) & MASK;
    return found ^ (found >> 16n);
  };
  const pool = Array.from({ length: POOL }, (_, i) => hashed(entropy[i] ?? 0n));
  for (let from = 0; from < POOL; from++) for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  for (let from = POOL; from < entropy.length; from++) for (let to = 0; to < POOL; to++) pool[to] = mixed(pool[to], hashed(entropy[from]));
  hash = 0x8b51f9ddn;
  const halves = Array.from({ length: 2 * count }, (_, i) => {
    let found = pool[i % POOL] ^ hash;
    hash = (hash * 0x58f38dedn) & MASK;
    found = (found * hash) & MASK;
    return found ^ (found >> 16n);
  });
  return Array.from({ length: count }, (_, i) => halves[2 * i] | (halves[2 * i + 1] << 32n));
}

/**
 * Numbers from 0 up to 1.
 * @param {(number | bigint)[]} seed  whole numbers of at least 0; [n] is `default_rng(n)`, [n, m] is `default_rng((n, m))`
 * @param {number} count
 */
export function randoms(seed, count) {
  const [high, low, sequenceHigh, sequenceLow] = seedWords(seed.flatMap(wordsOf), 4);
  const increment = ((((sequenceHigh << 64n) | sequenceLow) << 1n) | 1n) & MASK128;
  let state = 0n;
  const step = () => (state = (state * MULTIPLIER + increment) & MASK128);
  step();
  state = (state + ((high << 64n) | low)) & MASK128;
  step();
  return Array.from({ length: count }, () => {
    step();
    const folded = (state >> 64n) ^ (state & 0xffffffffffffffffn);
    const turn = state >> 122n;
    const word = ((folded >> turn) | (folded << (64n - turn))) & 0xffffffffffffffffn;
    return Number(word >> 11n) / 2 ** 53;
  });
}
