ARG BUILD
ARG RUN
FROM ${BUILD} AS build
USER 0:0
WORKDIR /app
COPY chat.ts .
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt DENO_TLS_CA_STORE=system DENO_DIR=/deno deno cache chat.ts
FROM ${RUN}
WORKDIR /app
COPY --from=build /deno /deno
COPY chat.ts ./
ENV DENO_DIR=/deno
USER 65532:65532
CMD ["deno", "run", "-A", "--cached-only", "chat.ts"]
