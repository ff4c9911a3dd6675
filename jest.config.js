// Tests run as native ES modules; SWC only strips types, so type errors are found by `npm run check`, never here.
const base = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/out/"],
};

export default {
  ...base,
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/services/"],
  // Most of the time of whole calls is waiting, so that a worker per core is not too many (Jest would leave one core out).
  maxWorkers: "100%",
  testTimeout: 120_000,
};
