ARG BUILD
ARG RUN
FROM ${BUILD} AS build
USER 0:0
WORKDIR /app
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install @anthropic-ai/sdk
FROM ${RUN}
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY chat.ts ./
USER 65532:65532
CMD ["node", "chat.ts"]
