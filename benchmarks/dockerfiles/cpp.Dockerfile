ARG BUILD
ARG RUN
FROM ${BUILD} AS build
RUN apt-get -o Acquire::Check-Valid-Until=false update && apt-get install -y --no-install-recommends libcpp-httplib-dev nlohmann-json3-dev libssl-dev zlib1g-dev libbrotli-dev
WORKDIR /app
COPY CMakeLists.txt httplib-config.cmake ./
COPY src src
RUN cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -Dhttplib_DIR=/app && cmake --build build && find build -maxdepth 1 -type f -perm -u+x -exec cp {} /program \; && mkdir /libraries && ldd /program | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | xargs -I{} cp {} /libraries
FROM ${RUN}
COPY --from=build /libraries /libraries
COPY --from=build /program /program
ENV LD_LIBRARY_PATH=/libraries
USER 65532:65532
ENTRYPOINT ["/program"]
