# Alta in one file on an empty image: no shell, no packages, no root.
#
#   docker build -t alta .
#   docker run -p 127.0.0.1:8080:8080 -v alta-data:/data alta
#
# Stage 1 builds the pages, stage 2 the program with the pages inside, stage 3 is
# what runs.

FROM node:22-bookworm-slim AS pages
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY api/openapi.yaml /src/api/openapi.yaml
COPY frontend ./
RUN npm run build

FROM golang:1.26-bookworm AS program
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=pages /src/frontend/dist ./frontend/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/alta ./cmd/alta
# What the empty image lacks: a place for data and one for temporary files, a user,
# the certificate authorities, the time zones.
RUN mkdir -p /out/data /out/tmp /out/etc/ssl/certs \
 && chmod 1777 /out/tmp \
 && echo 'alta:x:65532:65532::/data:/sbin/nologin' > /out/etc/passwd \
 && echo 'alta:x:65532:' > /out/etc/group \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && cp "$(go env GOROOT)/lib/time/zoneinfo.zip" /out/zoneinfo.zip

FROM scratch
COPY --from=program /out/alta /alta
COPY --from=program /out/etc /etc
COPY --from=program /out/zoneinfo.zip /zoneinfo.zip
COPY --from=program /out/tmp /tmp
COPY --from=program --chown=65532:65532 /out/data /data
ENV ZONEINFO=/zoneinfo.zip \
    ALTA_DATA=/data \
    ALTA_LISTEN=0.0.0.0:8080
USER 65532:65532
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/alta"]
CMD ["serve"]
