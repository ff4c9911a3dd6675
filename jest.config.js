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
  testTimeout: 30_000,
};
