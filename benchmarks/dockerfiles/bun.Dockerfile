ARG BUILD
ARG RUN
FROM ${BUILD} AS build
USER 0:0
WORKDIR /app
COPY package.json bun.lock ./
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bun install --frozen-lockfile --production
FROM ${RUN}
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY index.ts package.json ./
USER 65532:65532
CMD ["bun", "index.ts"]
