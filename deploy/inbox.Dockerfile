# The SMTP inbox of a development machine, for compose.yaml.
ARG DEBIAN=docker.io/library/debian:bookworm-slim
FROM ${DEBIAN}
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends python3-aiosmtpd && \
    rm -rf /var/lib/apt/lists/* && mkdir /inbox && chown 65532:65532 /inbox
COPY deploy/inbox.py /usr/local/bin/
USER 65532:65532
CMD ["/usr/local/bin/inbox.py", "serve", "--dir", "/inbox", "--host", "0.0.0.0", "--port", "2525"]
