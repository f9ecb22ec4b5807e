# What the official slim image has and Jitney's base has not: pip. It comes first, outside the figures, as `TOOLS`.
ARG TOOLS
ARG RUN
FROM ${TOOLS} AS build
COPY requirements.txt .
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt pip install --no-cache-dir --break-system-packages --target /packages -r requirements.txt
FROM ${RUN}
COPY --from=build /packages /packages
COPY chat.py /app/chat.py
ENV PYTHONPATH=/packages
USER 65532:65532
CMD ["python3", "/app/chat.py"]
