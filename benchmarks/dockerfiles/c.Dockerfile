ARG BUILD
ARG RUN
FROM ${BUILD} AS build
COPY ask.c .
RUN gcc -O2 -s -o /program ask.c
FROM ${RUN}
COPY --from=build /program /program
USER 65532:65532
ENTRYPOINT ["/program"]
