# The server as an image: compiled in one stage, run from another that holds neither compiler nor sources, as a user without rights.
# docs/deploy.md says how it is used, and what of it was not tried.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/build-page.mjs scripts/
COPY src src
RUN node scripts/build.mjs

FROM node:22-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The one optional package is a tunnel for developers.
RUN npm ci --omit=dev --omit=optional

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=5000 DATA_DIR=/data
WORKDIR /app
# Records, keys, recordings and the spool: mount a volume there that outlives the container.
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# With it npm run doctor, keys, migrate and the rest work in the container: it finds nothing to compile there.
COPY scripts/build.mjs scripts/
COPY package.json ./
COPY assets assets
USER node
VOLUME /data
EXPOSE 5000
# The first SIGTERM lets live calls end (DRAIN_TIMEOUT_S, then a spoken goodbye): give it more time than that before SIGKILL.
STOPSIGNAL SIGTERM
# Whether the process answers. Not /health or /readyz: a server that drains or is full is not ill, and must not be replaced.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5000}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=4", "dist/main.js"]
