import base from "./jest.config.js";

// What needs Debian packages (real servers, a real browser). `npm test` never runs these.
export default {
  ...base,
  globalSetup: "<rootDir>/test/services/prepare.js",
  testMatch: ["<rootDir>/test/services/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  testTimeout: 240_000,
};
