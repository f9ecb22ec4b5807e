ARG BUILD
FROM ${BUILD} AS build
WORKDIR /app
COPY go.mod go.sum ./
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt go mod download
COPY . .
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /program .
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /program /program
USER 65532:65532
ENTRYPOINT ["/program"]
